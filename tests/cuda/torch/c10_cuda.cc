// libc10_cuda.so for tests: a caching allocator that takes segments from the CUDA runtime and hands
// out blocks of them, in the sizes of PyTorch's, and tells the profiler of each.
#include <cstdlib>
#include <map>
#include <mutex>

#include "tests/cuda/runtime/runtime.h"
#include "tests/cuda/torch/c10.h"
#include "tests/cuda/torch/torch.h"

namespace {

constexpr size_t kGranule = 512;
constexpr size_t kMebibyte = 1 << 20;

size_t round_up(size_t size, size_t to) {
    return (size + to - 1) / to * to;
}

struct Block {
    size_t size;
    int device;
    bool first;  // of its segment
    bool used;
};

struct Sums {
    size_t allocated = 0;
    size_t reserved = 0;
};

std::mutex mutex;
std::map<char*, Block> blocks;
std::map<int, Sums> sums;
bool signed_reports;

void report(char* tensor, int64_t size, int device) {
    const c10::Device where(c10::DeviceType::CUDA, static_cast<int8_t>(device));
    const Sums& of = sums[device];
    if (signed_reports)
        c10::reportMemoryUsageToProfiler(tensor, size, static_cast<int64_t>(of.allocated),
                                         static_cast<int64_t>(of.reserved), where);
    else
        c10::reportMemoryUsageToProfiler(tensor, size, of.allocated, of.reserved, where);
}

size_t segment_size(size_t size) {
    if (size <= kMebibyte) return 2 * kMebibyte;
    return size < 10 * kMebibyte ? 20 * kMebibyte : round_up(size, 2 * kMebibyte);
}

std::map<char*, Block>::iterator find_free(size_t size, int device) {
    auto best = blocks.end();
    for (auto at = blocks.begin(); at != blocks.end(); ++at) {
        const Block& block = at->second;
        if (block.used || block.device != device || block.size < size) continue;
        if (best == blocks.end() || block.size < best->second.size) best = at;
    }
    return best;
}

// Joins a free block with the one behind it, where both are of one segment.
void join_next(std::map<char*, Block>::iterator at) {
    const auto next = std::next(at);
    if (next == blocks.end() || next->second.used || next->second.first ||
        at->first + at->second.size != next->first)
        return;
    at->second.size += next->second.size;
    blocks.erase(next);
}

}  // namespace

namespace c10::cuda::CUDACachingAllocator {

void* raw_alloc(size_t size, int device) {
    const std::lock_guard lock(mutex);
    const size_t rounded = round_up(size, kGranule);
    auto at = find_free(rounded, device);
    if (at == blocks.end()) {
        void* segment = nullptr;
        const size_t wanted = segment_size(rounded);
        if (cudaSetDevice(device) != 0 || cudaMalloc(&segment, wanted) != 0) return nullptr;
        sums[device].reserved += wanted;
        at = blocks.emplace(static_cast<char*>(segment), Block{wanted, device, true, false}).first;
    }
    if (const size_t rest = at->second.size - rounded; rest > 0) {
        at->second.size = rounded;
        blocks.emplace(at->first + rounded, Block{rest, device, false, false});
    }
    at->second.used = true;
    sums[device].allocated += rounded;
    report(at->first, static_cast<int64_t>(rounded), device);
    return at->first;
}

void raw_delete(void* tensor) {
    const std::lock_guard lock(mutex);
    const auto at = blocks.find(static_cast<char*>(tensor));
    if (at == blocks.end() || !at->second.used) abort();
    const auto size = static_cast<int64_t>(at->second.size);
    const int device = at->second.device;
    at->second.used = false;
    sums[device].allocated -= at->second.size;
    join_next(at);
    if (!at->second.first && !std::prev(at)->second.used) join_next(std::prev(at));
    report(static_cast<char*>(tensor), -size, device);
}

}  // namespace c10::cuda::CUDACachingAllocator

namespace at::cuda {

struct CachingHostAllocator {
    void* allocate(size_t size);
};

void* CachingHostAllocator::allocate(size_t size) {
    size_t rounded = 1;
    while (rounded < size) rounded *= 2;
    void* pointer = nullptr;
    return cudaHostAlloc(&pointer, rounded, 0) == 0 ? pointer : nullptr;
}

}  // namespace at::cuda

void* cuda_tensor(size_t size, int device) {
    return c10::cuda::CUDACachingAllocator::raw_alloc(size, device);
}
void free_cuda_tensor(void* tensor) {
    c10::cuda::CUDACachingAllocator::raw_delete(tensor);
}
void set_signed_reports(int on) {
    signed_reports = on != 0;
}
void empty_cache(void) {
    const std::lock_guard lock(mutex);
    for (auto at = blocks.begin(); at != blocks.end();) {
        const auto next = std::next(at);
        const bool whole = next == blocks.end() || next->second.first;
        if (!at->second.used && at->second.first && whole) {
            if (cudaSetDevice(at->second.device) != 0 || cudaFree(at->first) != 0) abort();
            sums[at->second.device].reserved -= at->second.size;
            blocks.erase(at);
        }
        at = next;
    }
}
void* other_tensor(size_t size) {
    static char place[16];
    c10::reportMemoryUsageToProfiler(place, static_cast<int64_t>(size), size, size,
                                     c10::Device(c10::DeviceType::XPU, 0));
    return place;
}
void* pinned_tensor(size_t size) {
    static at::cuda::CachingHostAllocator allocator;
    return allocator.allocate(size);
}
