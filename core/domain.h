// The kinds of memory that are told apart. The numbers stand in session files: append only.
#pragma once

#include <cstdint>

namespace heapdrift {

enum class Domain : uint8_t {
    heap = 0,     // malloc, operator new and their relatives
    mapping = 1,  // mmap, mremap, munmap called by the program itself
    custom = 2,   // reported through heapdrift.h by an allocator of the program's own
    cuda_device = 3,
    cuda_managed = 4,
    cuda_pinned = 5,
    cuda_registered = 6,
    cuda_pool = 7,
    cuda_virtual = 8,
};

inline constexpr uint32_t kDomainCount = 9;

constexpr const char* domain_name(Domain domain) {
    constexpr const char* kNames[kDomainCount] = {
        "heap",        "mapping",         "custom",    "cuda_device", "cuda_managed",
        "cuda_pinned", "cuda_registered", "cuda_pool", "cuda_virtual"};
    const auto index = static_cast<uint32_t>(domain);
    return index < kDomainCount ? kNames[index] : "unknown";
}

// Whether bytes of this domain are part of a total. A mapping may hold a heap inside it, a custom
// allocator's blocks lie in heap blocks or mappings, and registered memory is heap memory seen
// twice: adding them would count bytes two times.
constexpr bool domain_in_total(Domain domain) {
    return domain != Domain::mapping && domain != Domain::cuda_registered &&
           domain != Domain::custom;
}

}  // namespace heapdrift
