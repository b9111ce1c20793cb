// Device, managed, pinned and registered memory; imports.
#include <sys/mman.h>

#include <cstring>

#include "tests/cuda/driver/driver.h"

using namespace fake;

namespace {

Result allocate(Pointer* pointer, uint64_t size, Kind kind) {
    if (current() == nullptr) return kInvalidContext;
    if (size == 0) return kInvalidValue;
    const std::lock_guard lock(driver().mutex);
    const int device = current()->device;
    if (!driver().take(device, size)) return kOutOfMemory;
    *pointer = driver().find_address(device, size);
    driver().blocks.emplace(*pointer, Block{size, kind, device, current()});
    return kSuccess;
}

// Memory that the program may touch.
Result allocate_on_host(Pointer* pointer, uint64_t size, Kind kind) {
    if (current() == nullptr) return kInvalidContext;
    const std::lock_guard lock(driver().mutex);
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return kOutOfMemory;
    *pointer = reinterpret_cast<Pointer>(memory);
    driver().blocks.emplace(*pointer, Block{size, kind, current()->device, current()});
    return kSuccess;
}

struct IpcHandle {
    char bytes[64];
};

}  // namespace

FAKE_EXPORT Result cuMemAlloc_v2(Pointer* pointer, size_t size) {
    return allocate(pointer, size, Kind::device);
}
FAKE_EXPORT Result cuMemAllocPitch_v2(Pointer* pointer, size_t* pitch, size_t width, size_t height,
                                      unsigned) {
    *pitch = (width + 511) & ~size_t{511};
    return allocate(pointer, *pitch * height, Kind::device);
}
FAKE_EXPORT Result cuMemAllocManaged(Pointer* pointer, size_t size, unsigned) {
    return allocate_on_host(pointer, size, Kind::managed);
}
FAKE_EXPORT Result cuMemFree_v2(Pointer pointer) {
    const std::lock_guard lock(driver().mutex);
    return pointer == 0 ? kSuccess : driver().free_block(pointer);
}
FAKE_EXPORT Result cuMemHostAlloc(void** pointer, size_t size, unsigned) {
    return allocate_on_host(reinterpret_cast<Pointer*>(pointer), size, Kind::pinned);
}
FAKE_EXPORT Result cuMemAllocHost_v2(void** pointer, size_t size) {
    return allocate_on_host(reinterpret_cast<Pointer*>(pointer), size, Kind::pinned);
}
FAKE_EXPORT Result cuMemFreeHost(void* pointer) {
    const std::lock_guard lock(driver().mutex);
    return driver().free_block(reinterpret_cast<Pointer>(pointer));
}
FAKE_EXPORT Result cuMemHostRegister_v2(void* pointer, size_t size, unsigned) {
    const std::lock_guard lock(driver().mutex);
    return driver().registered.emplace(pointer, size).second ? kSuccess : kInvalidValue;
}
FAKE_EXPORT Result cuMemHostUnregister(void* pointer) {
    const std::lock_guard lock(driver().mutex);
    return driver().registered.erase(pointer) == 1 ? kSuccess : kInvalidValue;
}
FAKE_EXPORT Result cuMemGetInfo_v2(size_t* free_bytes, size_t* total) {
    if (current() == nullptr) return kInvalidContext;
    const std::lock_guard lock(driver().mutex);
    *total = driver().limit;
    *free_bytes = driver().limit - driver().used[static_cast<size_t>(current()->device)];
    return kSuccess;
}
FAKE_EXPORT Result cuMemGetAddressRange_v2(Pointer* base, size_t* size, Pointer pointer) {
    const std::lock_guard lock(driver().mutex);
    auto found = driver().blocks.upper_bound(pointer);
    if (found == driver().blocks.begin()) return kInvalidValue;
    --found;
    if (pointer >= found->first + found->second.size) return kInvalidValue;
    *base = found->first;
    *size = found->second.size;
    return kSuccess;
}
FAKE_EXPORT Result cuPointerGetAttribute(void* data, int attribute, Pointer pointer) {
    constexpr int kDeviceOrdinal = 9;
    const std::lock_guard lock(driver().mutex);
    const auto found = driver().blocks.find(pointer);
    if (attribute != kDeviceOrdinal || found == driver().blocks.end()) return kInvalidValue;
    *static_cast<int*>(data) = found->second.device;
    return kSuccess;
}

// A handle holds a number: the same one opens the same memory, of 1 MiB.
FAKE_EXPORT Result cuIpcOpenMemHandle_v2(Pointer* pointer, IpcHandle handle, unsigned) {
    if (current() == nullptr) return kInvalidContext;
    const std::lock_guard lock(driver().mutex);
    *pointer = (Pointer{0x100} << 40) + (static_cast<Pointer>(handle.bytes[0]) << 24);
    const auto [block, fresh] = driver().blocks.emplace(
        *pointer, Block{1 << 20, Kind::imported, current()->device, current()});
    if (!fresh) ++block->second.opened;
    return kSuccess;
}
FAKE_EXPORT Result cuIpcCloseMemHandle(Pointer pointer) {
    const std::lock_guard lock(driver().mutex);
    const auto found = driver().blocks.find(pointer);
    if (found == driver().blocks.end()) return kInvalidValue;
    if (--found->second.opened == 0) driver().blocks.erase(found);
    return kSuccess;
}
FAKE_EXPORT Result cuImportExternalMemory(void** memory, const void*) {
    *memory = new char;
    return kSuccess;
}
FAKE_EXPORT Result cuExternalMemoryGetMappedBuffer(Pointer* pointer, void*, const void*) {
    if (current() == nullptr) return kInvalidContext;
    const std::lock_guard lock(driver().mutex);
    *pointer = driver().find_address(current()->device, 4096);
    driver().blocks.emplace(*pointer, Block{4096, Kind::imported, current()->device, current()});
    return kSuccess;
}
FAKE_EXPORT Result cuDestroyExternalMemory(void* memory) {
    delete static_cast<char*>(memory);
    return kSuccess;
}
