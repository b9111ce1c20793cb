#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "tests/cuda/driver/driver.h"

namespace fake {

Driver::Driver() {
    if (const char* text = std::getenv("FAKE_CUDA_DEVICES")) device_count = std::atoi(text);
    if (const char* text = std::getenv("FAKE_CUDA_BYTES")) limit = std::strtoull(text, nullptr, 0);
    used.resize(static_cast<size_t>(device_count));
    for (int device = 0; device < device_count; ++device) {
        primary.push_back(new Context{device, true, 0});
        default_pools.push_back(new Pool{device});
    }
}

// Never destroyed: programs call the driver from their last handlers.
Driver& driver() {
    static Driver* const one = new Driver;
    return *one;
}

Context*& current() {
    static thread_local Context* context = nullptr;
    return context;
}

bool Driver::take(int device, uint64_t size) {
    uint64_t& sum = used[static_cast<size_t>(device)];
    if (size > limit - sum) return false;
    sum += size;
    return true;
}

Pointer Driver::find_address(int device, uint64_t size) const {
    constexpr Pointer kAlignment = 512;
    Pointer at = (static_cast<Pointer>(device) + 1) << 40;
    const Pointer end = at + (Pointer{1} << 40);
    for (auto block = blocks.lower_bound(at); block != blocks.end() && block->first < end;
         ++block) {
        if (block->first - at >= size) break;
        at = (block->first + block->second.size + kAlignment - 1) & ~(kAlignment - 1);
        if (block->second.size == 0) at = block->first + kAlignment;
    }
    return at;
}

Result Driver::free_block(Pointer pointer) {
    if (shut_down) return kDeinitialized;
    if (const Result failure = next_free_fails_with; failure != kSuccess) {
        next_free_fails_with = kSuccess;
        return failure;
    }
    const auto found = blocks.find(pointer);
    if (found == blocks.end()) return kInvalidValue;
    const Block block = found->second;
    blocks.erase(found);
    if (block.kind == Kind::pool) {
        block.pool->used -= block.size;  // what the pool has reserved it keeps
    } else if (block.kind == Kind::pinned || block.kind == Kind::managed) {
        munmap(reinterpret_cast<void*>(pointer), block.size);
    } else if (block.kind == Kind::device) {
        give(block.device, block.size);
    }
    return kSuccess;
}

void Driver::end_context(Context* context) {
    std::vector<Pointer> ended;
    for (const auto& [pointer, block] : blocks)
        if (block.context == context) ended.push_back(pointer);
    for (const Pointer pointer : ended) free_block(pointer);
    std::erase_if(arrays, [&](const auto& entry) {
        if (entry.first->context != context) return false;
        give(context->device, entry.second);
        return true;
    });
}

}  // namespace fake

using namespace fake;

FAKE_EXPORT Result cuInit(unsigned) {
    driver().initialized = true;
    return kSuccess;
}
FAKE_EXPORT Result cuDriverGetVersion(int* version) {
    *version = 13000;
    return kSuccess;
}
FAKE_EXPORT Result cuDeviceGetCount(int* count) {
    *count = driver().device_count;
    return kSuccess;
}
FAKE_EXPORT Result cuDeviceGet(int* device, int ordinal) {
    if (!driver().valid(ordinal)) return kInvalidDevice;
    *device = ordinal;
    return kSuccess;
}
FAKE_EXPORT Result cuDeviceGetUuid_v2(unsigned char* uuid, int device) {
    if (!driver().valid(device)) return kInvalidDevice;
    std::memset(uuid, 0xa0 + device, 16);
    return kSuccess;
}

FAKE_EXPORT Result cuCtxCreate_v2(Context** context, unsigned, int device) {
    if (!driver().valid(device)) return kInvalidDevice;
    current() = *context = new Context{device, false, 1};
    return kSuccess;
}
FAKE_EXPORT Result cuCtxDestroy_v2(Context* context) {
    const std::lock_guard lock(driver().mutex);
    driver().end_context(context);
    if (current() == context) current() = nullptr;
    delete context;
    return kSuccess;
}
FAKE_EXPORT Result cuCtxSetCurrent(Context* context) {
    current() = context;
    return kSuccess;
}
FAKE_EXPORT Result cuCtxGetCurrent(Context** context) {
    *context = current();
    return kSuccess;
}
FAKE_EXPORT Result cuCtxGetDevice(int* device) {
    if (current() == nullptr) return kInvalidContext;
    *device = current()->device;
    return kSuccess;
}
FAKE_EXPORT Result cuDevicePrimaryCtxRetain(Context** context, int device) {
    if (!driver().valid(device)) return kInvalidDevice;
    const std::lock_guard lock(driver().mutex);
    *context = driver().primary[static_cast<size_t>(device)];
    ++(*context)->retained;
    return kSuccess;
}
FAKE_EXPORT Result cuDevicePrimaryCtxRelease_v2(int device) {
    if (!driver().valid(device)) return kInvalidDevice;
    const std::lock_guard lock(driver().mutex);
    Context* context = driver().primary[static_cast<size_t>(device)];
    if (context->retained == 0) return kInvalidContext;
    if (--context->retained == 0) driver().end_context(context);
    return kSuccess;
}
FAKE_EXPORT Result cuDevicePrimaryCtxReset_v2(int device) {
    if (!driver().valid(device)) return kInvalidDevice;
    const std::lock_guard lock(driver().mutex);
    driver().end_context(driver().primary[static_cast<size_t>(device)]);
    return kSuccess;
}

// For tests: the next deallocation fails with this, whatever it is of; from now on all fail as
// those of a driver that is shut down.
FAKE_EXPORT void fakeFailNextFree(Result result) {
    driver().next_free_fails_with = result;
}
FAKE_EXPORT void fakeShutDown() {
    driver().shut_down = true;
}
