// The driver's memory in which tensors lie. A caching allocator can give back a segment without a
// tensor; in the others what is free waits for a tensor that fits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/cuda_figures.h"
#include "preload/cuda/object_table.h"

namespace heapdrift::torch {

class SegmentTable {
public:
    explicit constexpr SegmentTable(cuda::ObjectTable& objects) : objects_(objects) {}

    // A tensor was handed out, or given back. device: entry of CudaFigures.devices. Segments are
    // looked up among the driver's objects when they are first needed.
    void add_tensor(uint64_t address, uint64_t size, uint8_t device);
    void remove_tensor(uint64_t address, uint64_t size);

    // Of segments in which a tensor lies.
    uint64_t used_bytes(uint8_t device) const {
        return used_bytes_[device].load(std::memory_order_relaxed);
    }

    void forget();

private:
    // In order of their start. They do not overlap.
    struct Segment {
        uint64_t start;
        uint64_t end;
        uint32_t tensors;
        uint8_t device;  // of its tensors
    };

    uint32_t first_that_ends_behind(uint64_t address) const;
    // Enters what the driver gave since the last time.
    void refresh();
    void insert(uint64_t start, uint64_t end);
    void count_use(const Segment& segment, bool used);

    cuda::ObjectTable& objects_;
    std::atomic<bool> locked_{false};
    Segment* segments_ = nullptr;
    uint32_t count_ = 0;
    uint32_t capacity_ = 0;
    uint32_t last_serial_ = 0;
    std::atomic<uint64_t> used_bytes_[kMaxCudaDevices] = {};
};

}  // namespace heapdrift::torch
