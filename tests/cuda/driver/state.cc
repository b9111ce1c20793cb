#include <sys/mman.h>

#include <algorithm>
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
        end_uses(reinterpret_cast<uint64_t>(entry.first));
        return true;
    });
}

void Driver::begin_use(const Use& use) {
    uses.push_back(use);
    ++memory.at(use.handle).mappings;
}

void Driver::end_uses(uint64_t holder) {
    std::vector<Handle> left;
    std::erase_if(uses, [&](const Use& use) {
        if (use.holder != holder) return false;
        left.push_back(use.handle);
        return true;
    });
    for (const Handle handle : left) {
        --memory.at(handle).mappings;
        drop_if_unused(handle);
    }
}

bool Driver::end_use(uint64_t holder, uint64_t part, uint64_t offset) {
    const auto found = std::find_if(uses.begin(), uses.end(), [&](const Use& use) {
        return use.holder == holder && use.part == part && use.offset == offset;
    });
    if (found == uses.end()) return false;
    const Handle handle = found->handle;
    uses.erase(found);
    --memory.at(handle).mappings;
    drop_if_unused(handle);
    return true;
}

void Driver::drop_if_unused(Handle handle) {
    const auto found = memory.find(handle);
    if (found->second.references > 0 || found->second.mappings > 0) return;
    const Memory gone = found->second;
    memory.erase(found);
    give(gone.device, gone.size);
    if (gone.multicast) end_uses(handle);
}

}  // namespace fake

using namespace fake;

namespace {

void end_primary(int device) {
    driver().end_context(driver().primary[static_cast<size_t>(device)]);
    for (Context* green : driver().greens)
        if (green->device == device) driver().end_context(green);
}

}  // namespace

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
FAKE_EXPORT Result cuCtxAttach(Context** context, unsigned) {
    if (current() == nullptr) return kInvalidContext;
    *context = current();
    ++current()->attached;
    return kSuccess;
}
FAKE_EXPORT Result cuCtxDetach(Context* context) {
    if (context != current()) return kInvalidContext;
    return --context->attached > 0 ? kSuccess : cuCtxDestroy_v2(context);
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
    if (--context->retained == 0) end_primary(device);
    return kSuccess;
}
FAKE_EXPORT Result cuDevicePrimaryCtxReset_v2(int device) {
    if (!driver().valid(device)) return kInvalidDevice;
    const std::lock_guard lock(driver().mutex);
    end_primary(device);
    return kSuccess;
}

// A green context has a handle of its own to allocate by; what it allocates is the primary one's.
FAKE_EXPORT Result cuGreenCtxCreate(Context** green, void*, int device, unsigned) {
    Context* primary = nullptr;
    if (const Result result = cuDevicePrimaryCtxRetain(&primary, device); result != kSuccess)
        return result;
    *green = new Context{device, true, 1};
    driver().greens.push_back(*green);
    return kSuccess;
}
FAKE_EXPORT Result cuCtxFromGreenCtx(Context** context, Context* green) {
    *context = green;
    return kSuccess;
}
FAKE_EXPORT Result cuGreenCtxDestroy(Context* green) {
    if (current() == green) current() = nullptr;
    return cuDevicePrimaryCtxRelease_v2(green->device);
}

// There is nothing to execute.
FAKE_EXPORT Result cuModuleLoadData(void** module, const void*) {
    *module = &driver();
    return kSuccess;
}
FAKE_EXPORT Result cuModuleGetFunction(void** function, void* module, const char*) {
    *function = module;
    return kSuccess;
}
FAKE_EXPORT Result cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                                  unsigned, void*, void**, void**) {
    return kSuccess;
}
FAKE_EXPORT Result cuCtxSynchronize() {
    return kSuccess;
}

FAKE_EXPORT Result cuCheckpointProcessCheckpoint(int, void*) {
    return kSuccess;
}
FAKE_EXPORT Result cuCheckpointProcessRestore(int, void*) {
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
