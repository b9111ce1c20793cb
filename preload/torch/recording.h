// From a hook of PyTorch's to the figures. Tensors are a view: their memory is a block of the heap,
// a mapping, or a part of what the driver gave, and is counted there.
#pragma once

#include <cstdint>

#include "preload/unwind/stack_walk.h"

namespace heapdrift::torch {

// c10::Device, which is passed in a register.
struct Device {
    int8_t type;
    int8_t index;
};
inline constexpr int8_t kHost = 0;
inline constexpr int8_t kCuda = 1;

// What an allocator tells PyTorch's profiler. size is negative when a tensor is given back;
// allocated and reserved are the allocator's sums afterwards.
struct Report {
    uint64_t address;
    int64_t size;
    uint64_t allocated;
    uint64_t reserved;
    Device device;
};

void record_host_tensor(uint64_t address, uint64_t size, const StartState& caller);
void record_host_tensor_gone(uint64_t address);
void record_report(const Report& report, const StartState& caller);

// In a fork child.
void forget();

}  // namespace heapdrift::torch
