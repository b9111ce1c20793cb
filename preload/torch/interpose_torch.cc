// PyTorch's tensors. libc10.so exports the functions by which its allocators tell a profiler what
// they hand out and get back. They are called whether or not a profiler listens: those of the host
// by libc10.so itself, of CUDA by libc10_cuda.so, both as the loader binds them. So that we need
// neither PyTorch nor its headers, and nothing of this runs where it is not loaded.
//
// Their names are those of the C++ functions. The sums became unsigned in the course of PyTorch 2.
#include "preload/interpose.h"
#include "preload/torch/recording.h"
#include "preload/torch/torch_library.h"

using namespace heapdrift;
using namespace heapdrift::torch;

#define HEAPDRIFT_TORCH(symbol) asm(symbol) __attribute__((visibility("default"), used))

namespace {

template <typename... Arguments>
void forward(Function function, Arguments... arguments) {
    auto* real = reinterpret_cast<void (*)(Arguments...)>(find_real(function));
    if (real != nullptr) real(arguments...);
}

}  // namespace

extern "C" {

// c10::ProfiledCPUMemoryReporter::New(void*, size_t)
void torch_host_tensor_made(void* reporter, void* tensor, size_t size)
    HEAPDRIFT_TORCH("_ZN3c1025ProfiledCPUMemoryReporter3NewEPvm");
void torch_host_tensor_made(void* reporter, void* tensor, size_t size) {
    const StartState caller = start_state_of_caller();
    record_host_tensor(address_of(tensor), size, caller);
    forward(Function::host_made, reporter, tensor, size);
}

// c10::ProfiledCPUMemoryReporter::Delete(void*), before the memory is given back
void torch_host_tensor_gone(void* reporter, void* tensor)
    HEAPDRIFT_TORCH("_ZN3c1025ProfiledCPUMemoryReporter6DeleteEPv");
void torch_host_tensor_gone(void* reporter, void* tensor) {
    record_host_tensor_gone(address_of(tensor));
    forward(Function::host_gone, reporter, tensor);
}

// c10::reportMemoryUsageToProfiler(void*, int64_t, size_t, size_t, c10::Device)
void torch_reported(void* tensor, int64_t size, size_t allocated, size_t reserved, Device device)
    HEAPDRIFT_TORCH("_ZN3c1027reportMemoryUsageToProfilerEPvlmmNS_6DeviceE");
void torch_reported(void* tensor, int64_t size, size_t allocated, size_t reserved, Device device) {
    const StartState caller = start_state_of_caller();
    record_report({address_of(tensor), size, allocated, reserved, device}, caller);
    forward(Function::reported, tensor, size, allocated, reserved, device);
}

void torch_reported_signed(void* tensor, int64_t size, int64_t allocated, int64_t reserved,
                           Device device)
    HEAPDRIFT_TORCH("_ZN3c1027reportMemoryUsageToProfilerEPvlllNS_6DeviceE");
void torch_reported_signed(void* tensor, int64_t size, int64_t allocated, int64_t reserved,
                           Device device) {
    const StartState caller = start_state_of_caller();
    record_report({address_of(tensor), size, static_cast<uint64_t>(allocated),
                   static_cast<uint64_t>(reserved), device},
                  caller);
    forward(Function::reported_signed, tensor, size, allocated, reserved, device);
}

}  // extern "C"
