// Virtual memory management, and arrays.
#include "tests/cuda/driver/driver.h"

using namespace fake;

namespace {

struct MemoryProperties {
    int kind;
    int shared_kinds;
    int location_kind;
    int location;
    char rest[16];
};

struct ArrayMapping {
    int array_kind;
    Array* array;
    int part_kind;
    unsigned tile[8];
    int operation;
    int handle_kind;
    Handle handle;
    unsigned long long offset;
    unsigned devices;
    unsigned rest[3];
};
static_assert(sizeof(ArrayMapping) == 96);

struct Description {
    size_t width;
    size_t height;
    int format;
    unsigned channels;
};
struct Description3d {
    size_t width;
    size_t height;
    size_t depth;
    int format;
    unsigned channels;
    unsigned flags;
};

Result create_array(Array** array) {
    if (current() == nullptr) return kInvalidContext;
    const std::lock_guard lock(driver().mutex);
    *array = new Array{current()};
    driver().arrays.emplace(*array, 0);
    return kSuccess;
}
Result destroy_array(Array* array) {
    const std::lock_guard lock(driver().mutex);
    if (driver().arrays.erase(array) == 0) return kInvalidValue;
    driver().end_uses(reinterpret_cast<uint64_t>(array));
    delete array;
    return kSuccess;
}

Result map_tiles(const ArrayMapping* mappings, unsigned count) {
    constexpr int kMap = 1;
    const std::lock_guard lock(driver().mutex);
    for (unsigned i = 0; i < count; ++i) {
        const ArrayMapping& each = mappings[i];
        const auto array = reinterpret_cast<uint64_t>(each.array);
        driver().end_use(array, each.tile[2], each.tile[3]);
        if (each.operation != kMap) continue;
        if (!driver().memory.contains(each.handle)) return kInvalidValue;
        driver().begin_use({array, each.tile[2], each.tile[3], each.handle});
    }
    return kSuccess;
}

}  // namespace

FAKE_EXPORT Result cuMemCreate(Handle* handle, size_t size, const MemoryProperties* properties,
                               unsigned long long) {
    const std::lock_guard lock(driver().mutex);
    if (!driver().valid(properties->location)) return kInvalidDevice;
    if (!driver().take(properties->location, size)) return kOutOfMemory;
    *handle = driver().next_handle++;
    driver().memory.emplace(*handle, Memory{size, properties->location});
    return kSuccess;
}
FAKE_EXPORT Result cuMemRelease(Handle handle) {
    const std::lock_guard lock(driver().mutex);
    const auto found = driver().memory.find(handle);
    if (found == driver().memory.end() || found->second.references == 0) return kInvalidValue;
    --found->second.references;
    driver().drop_if_unused(handle);
    return kSuccess;
}
FAKE_EXPORT Result cuMemRetainAllocationHandle(Handle* handle, void* address) {
    const std::lock_guard lock(driver().mutex);
    const auto found = driver().mappings.find(reinterpret_cast<Pointer>(address));
    if (found == driver().mappings.end()) return kInvalidValue;
    *handle = found->second.handle;
    ++driver().memory.at(*handle).references;
    return kSuccess;
}
FAKE_EXPORT Result cuMemImportFromShareableHandle(Handle* handle, void*, int) {
    const std::lock_guard lock(driver().mutex);
    *handle = driver().next_handle++;
    driver().memory.emplace(*handle, Memory{0, 0});
    return kSuccess;
}
FAKE_EXPORT Result cuMemAddressReserve(Pointer* pointer, size_t size, size_t, Pointer,
                                       unsigned long long) {
    static Pointer next = Pointer{0x200} << 40;
    const std::lock_guard lock(driver().mutex);
    *pointer = next;
    next += (size + 0xfffff) & ~size_t{0xfffff};
    return kSuccess;
}
FAKE_EXPORT Result cuMemAddressFree(Pointer, size_t) {
    return kSuccess;
}
FAKE_EXPORT Result cuMemMap(Pointer pointer, size_t size, size_t, Handle handle,
                            unsigned long long) {
    const std::lock_guard lock(driver().mutex);
    const auto found = driver().memory.find(handle);
    if (found == driver().memory.end() ||
        !driver().mappings.emplace(pointer, Mapping{size, handle}).second)
        return kInvalidValue;
    ++found->second.mappings;
    return kSuccess;
}
FAKE_EXPORT Result cuMemUnmap(Pointer pointer, size_t size) {
    const std::lock_guard lock(driver().mutex);
    for (Pointer at = pointer; at < pointer + size;) {
        const auto found = driver().mappings.find(at);
        if (found == driver().mappings.end()) return kInvalidValue;
        const Mapping mapping = found->second;
        driver().mappings.erase(found);
        --driver().memory.at(mapping.handle).mappings;
        driver().drop_if_unused(mapping.handle);
        at += mapping.size;
    }
    return kSuccess;
}

FAKE_EXPORT Result cuArrayCreate_v2(Array** array, const Description*) {
    return create_array(array);
}
FAKE_EXPORT Result cuArray3DCreate_v2(Array** array, const Description3d*) {
    return create_array(array);
}
FAKE_EXPORT Result cuMipmappedArrayCreate(Array** array, const Description3d*, unsigned) {
    return create_array(array);
}
FAKE_EXPORT Result cuArrayDestroy(Array* array) {
    return destroy_array(array);
}
FAKE_EXPORT Result cuMipmappedArrayDestroy(Array* array) {
    return destroy_array(array);
}

FAKE_EXPORT Result cuMemMapArrayAsync(ArrayMapping* mappings, unsigned count, void*) {
    return map_tiles(mappings, count);
}
FAKE_EXPORT Result cuMemMapArrayAsync_ptsz(ArrayMapping* mappings, unsigned count, void*) {
    return map_tiles(mappings, count);
}

FAKE_EXPORT Result cuMulticastCreate(Handle* team, const void*) {
    const std::lock_guard lock(driver().mutex);
    *team = driver().next_handle++;
    driver().memory.emplace(*team, Memory{.size = 0, .device = 0, .multicast = true});
    return kSuccess;
}
FAKE_EXPORT Result cuMulticastBindMem(Handle team, size_t offset, Handle memory, size_t, size_t,
                                      unsigned long long) {
    const std::lock_guard lock(driver().mutex);
    const auto found = driver().memory.find(memory);
    if (found == driver().memory.end() || !driver().memory.contains(team)) return kInvalidValue;
    driver().begin_use({team, static_cast<uint64_t>(found->second.device), offset, memory});
    return kSuccess;
}
FAKE_EXPORT Result cuMulticastBindAddr(Handle team, size_t offset, Pointer pointer, size_t,
                                       unsigned long long) {
    const std::lock_guard lock(driver().mutex);
    const auto found = driver().mappings.find(pointer);
    if (found == driver().mappings.end()) return kInvalidValue;
    const Handle memory = found->second.handle;
    driver().begin_use(
        {team, static_cast<uint64_t>(driver().memory.at(memory).device), offset, memory});
    return kSuccess;
}
FAKE_EXPORT Result cuMulticastUnbind(Handle team, int device, size_t offset, size_t) {
    const std::lock_guard lock(driver().mutex);
    return driver().end_use(team, static_cast<uint64_t>(device), offset) ? kSuccess : kInvalidValue;
}
