// The kinds of memory that are told apart. The numbers stand in session files: append only.
#pragma once

#include <cstdint>

namespace heapdrift {

enum class Domain : uint8_t {
    heap = 0,             // malloc, operator new and their relatives
    mapping = 1,          // mmap, mremap, munmap called by the program itself
    custom = 2,           // reported through heapdrift.h by an allocator of the program's own
    cuda_device = 3,      // cuMemAlloc, cuMemAllocPitch
    cuda_managed = 4,     // memory that moves between host and devices
    cuda_pinned = 5,      // host memory of the driver's
    cuda_registered = 6,  // host memory of the program's, pinned by the driver
    cuda_pool = 7,        // in stream order, from a pool: used, not what the pool reserves
    cuda_virtual = 8,     // cuMemCreate: memory that is mapped to reserved addresses
    cuda_array = 9,
    cuda_graph = 10,     // allocation nodes: two of one graph may share their memory
    cuda_imported = 11,  // another process's, or another interface's
    host_tensor = 12,    // what PyTorch's allocators handed out: memory of the heap or a mapping
    cuda_tensor = 13,    // the same of its caching allocator: parts of what the driver gave
};

inline constexpr uint32_t kDomainCount = 14;

constexpr const char* domain_name(Domain domain) {
    constexpr const char* kNames[kDomainCount] = {
        "heap",        "mapping",         "custom",      "cuda_device",  "cuda_managed",
        "cuda_pinned", "cuda_registered", "cuda_pool",   "cuda_virtual", "cuda_array",
        "cuda_graph",  "cuda_imported",   "host_tensor", "cuda_tensor"};
    const auto index = static_cast<uint32_t>(domain);
    return index < kDomainCount ? kNames[index] : "unknown";
}

// Tensors are a view of memory that another domain has counted already.
constexpr bool domain_of_tensors(Domain domain) {
    return domain == Domain::host_tensor || domain == Domain::cuda_tensor;
}

// Whether bytes of this domain are part of a total. A mapping may hold a heap inside it, a custom
// allocator's blocks lie in heap blocks or mappings, registered memory is heap memory seen twice,
// and nodes of a graph take turns in the same memory: adding them would count bytes two times. What
// is imported is another's.
constexpr bool domain_in_total(Domain domain) {
    return domain != Domain::mapping && domain != Domain::cuda_registered &&
           domain != Domain::custom && domain != Domain::cuda_graph &&
           domain != Domain::cuda_imported && !domain_of_tensors(domain);
}

// Whether growth of this domain's sites is judged. Of a caching allocator the driver knows only
// which call came when more was needed; what holds the memory is known by its tensors.
constexpr bool domain_may_leak(Domain domain) {
    return domain_in_total(domain) || domain == Domain::cuda_tensor;
}

constexpr bool domain_of_cuda(Domain domain) {
    return domain >= Domain::cuda_device && domain <= Domain::cuda_imported;
}

// Whether a scan finds out what leads to this domain's memory. The driver's other memory is
// another's or belongs to something else: to a graph, or to the program's own heap.
constexpr bool domain_scanned(Domain domain) {
    return domain == Domain::heap || (domain_of_cuda(domain) && domain_in_total(domain));
}

// Whether a sampled recording holds a sample of this domain. Mappings, the driver's allocations and
// tensors are few and all recorded.
constexpr bool domain_sampled(Domain domain) {
    return domain != Domain::mapping && !domain_of_cuda(domain) && !domain_of_tensors(domain);
}

// Whether bytes of this domain take up a CUDA device's memory by themselves. Managed memory is
// where it was used last; graphs are known by what they reserve.
constexpr bool domain_charges_device(Domain domain) {
    return domain == Domain::cuda_device || domain == Domain::cuda_pool ||
           domain == Domain::cuda_virtual || domain == Domain::cuda_array;
}

}  // namespace heapdrift
