// PyTorch's names, as far as its allocators and its profiler know each other by them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace c10 {

enum class DeviceType : int8_t { CPU = 0, CUDA = 1, XPU = 12 };

class Device {
public:
    constexpr Device(DeviceType type, int8_t index) : type_(type), index_(index) {}

private:
    DeviceType type_;
    int8_t index_;
};

// As PyTorch 2 has it, and PyTorch 1.
void reportMemoryUsageToProfiler(void* tensor, int64_t size, size_t allocated, size_t reserved,
                                 Device device);
void reportMemoryUsageToProfiler(void* tensor, int64_t size, int64_t allocated, int64_t reserved,
                                 Device device);

class ProfiledCPUMemoryReporter {
public:
    void New(void* tensor, size_t size);
    void Delete(void* tensor);
};
ProfiledCPUMemoryReporter& profiledCPUMemoryReporter();

}  // namespace c10
