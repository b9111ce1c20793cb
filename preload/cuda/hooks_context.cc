// The end of a context gives back what was allocated in it, without a call for each.
#include "preload/cuda/forward.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

// Primary contexts by their device's ordinal, as far as they were retained in our sight. The last
// release ends them, too.
constexpr Device kMostDevices = 64;
struct PrimaryContext {
    std::atomic<uint64_t> context{0};
    std::atomic<int32_t> retained{0};
};
constinit PrimaryContext primary_contexts[kMostDevices] = {};

PrimaryContext* primary_context(Device device) {
    return device < 0 || device >= kMostDevices ? nullptr : &primary_contexts[device];
}

void end_primary_context(Device device, uint32_t last_serial) {
    if (PrimaryContext* primary = primary_context(device))
        count_context_gone(primary->context.load(std::memory_order_relaxed), last_serial);
}

void note_released(const DriverCall& call, Result result, Device device, uint32_t last_serial) {
    PrimaryContext* primary = primary_context(device);
    if (!call.recorded() || result != kSuccess || primary == nullptr) return;
    if (primary->retained.fetch_sub(1, std::memory_order_relaxed) == 1)
        end_primary_context(device, last_serial);
}

}  // namespace

HEAPDRIFT_EXPORT Result cuCtxDestroy(Context context) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<Entry::cuCtxDestroy>(context);
    if (call.recorded() && result == kSuccess) count_context_gone(address_of(context), last_serial);
    return result;
}

HEAPDRIFT_EXPORT Result cuCtxDestroy_v2(Context context) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<Entry::cuCtxDestroy_v2>(context);
    if (call.recorded() && result == kSuccess) count_context_gone(address_of(context), last_serial);
    return result;
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxRetain(Context* context, Device device) {
    const DriverCall call;
    const Result result = forward<Entry::cuDevicePrimaryCtxRetain>(context, device);
    PrimaryContext* primary = primary_context(device);
    if (call.recorded() && result == kSuccess && primary != nullptr) {
        primary->context.store(handed_out(result, context), std::memory_order_relaxed);
        primary->retained.fetch_add(1, std::memory_order_relaxed);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxRelease(Device device) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<Entry::cuDevicePrimaryCtxRelease>(device);
    note_released(call, result, device, last_serial);
    return result;
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxRelease_v2(Device device) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<Entry::cuDevicePrimaryCtxRelease_v2>(device);
    note_released(call, result, device, last_serial);
    return result;
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxReset(Device device) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<Entry::cuDevicePrimaryCtxReset>(device);
    if (call.recorded() && result == kSuccess) end_primary_context(device, last_serial);
    return result;
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxReset_v2(Device device) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<Entry::cuDevicePrimaryCtxReset_v2>(device);
    if (call.recorded() && result == kSuccess) end_primary_context(device, last_serial);
    return result;
}
