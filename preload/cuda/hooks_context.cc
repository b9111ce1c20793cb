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

// Of an object that belongs to a device: 0 is none.
uint64_t owner_of(Device device) {
    return static_cast<uint64_t>(device) + 1;
}

void note_retained(const DriverCall& call, Result result, Device device, uint64_t context) {
    PrimaryContext* primary = primary_context(device);
    if (!call.recorded() || result != kSuccess || primary == nullptr) return;
    if (context != 0) primary->context.store(context, std::memory_order_relaxed);
    primary->retained.fetch_add(1, std::memory_order_relaxed);
}

// With what was allocated while a green context of it was current, whose handle may be another.
void end_primary_context(Device device, uint32_t last_serial) {
    PrimaryContext* primary = primary_context(device);
    if (primary == nullptr) return;
    count_context_gone(primary->context.load(std::memory_order_relaxed), last_serial);
    ObjectTable::Search search;
    for (;;) {
        const Object green = objects.take_next(search, [=](const Object& each) {
            return each.kind == ObjectKind::context && each.owner == owner_of(device) &&
                   each.serial <= last_serial;
        });
        if (!green.exists()) return;
        count_context_gone(green.key, last_serial);
    }
}

void note_released(const DriverCall& call, Result result, Device device, uint32_t last_serial) {
    PrimaryContext* primary = primary_context(device);
    if (!call.recorded() || result != kSuccess || primary == nullptr) return;
    if (primary->retained.fetch_sub(1, std::memory_order_relaxed) == 1)
        end_primary_context(device, last_serial);
}

template <Entry entry>
Result destroy(Context context) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<entry>(context);
    if (!call.recorded() || result != kSuccess) return result;
    objects.take(ObjectKind::context, address_of(context));
    count_context_gone(address_of(context), last_serial);
    return result;
}

template <Entry entry>
Result release(Device device) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<entry>(device);
    note_released(call, result, device, last_serial);
    return result;
}

template <Entry entry>
Result reset(Device device) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<entry>(device);
    if (call.recorded() && result == kSuccess) end_primary_context(device, last_serial);
    return result;
}

}  // namespace

HEAPDRIFT_EXPORT Result cuCtxDestroy(Context context) {
    return destroy<Entry::cuCtxDestroy>(context);
}

HEAPDRIFT_EXPORT Result cuCtxDestroy_v2(Context context) {
    return destroy<Entry::cuCtxDestroy_v2>(context);
}

// A context that nobody attached to is counted once: by who created it.
HEAPDRIFT_EXPORT Result cuCtxAttach(Context* context, unsigned flags) {
    const DriverCall call;
    const Result result = forward<Entry::cuCtxAttach>(context, flags);
    if (!call.recorded() || result != kSuccess) return result;
    const uint64_t key = handed_out(result, context);
    const Object known = objects.change(ObjectKind::context, key,
                                        [](Object& each) { return ++each.references > 0; });
    if (!known.exists()) {
        Object object = object_of(ObjectKind::context, Domain::cuda_device, key, 0);
        object.references = 2;
        enter_object(object);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuCtxDetach(Context context) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Result result = forward<Entry::cuCtxDetach>(context);
    if (!call.recorded() || result != kSuccess) return result;
    bool last = true;
    objects.change(ObjectKind::context, address_of(context), [&](Object& each) {
        last = --each.references == 0;
        return !last;
    });
    if (last) count_context_gone(address_of(context), last_serial);
    return result;
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxRetain(Context* context, Device device) {
    const DriverCall call;
    const Result result = forward<Entry::cuDevicePrimaryCtxRetain>(context, device);
    note_retained(call, result, device, handed_out(result, context));
    return result;
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxRelease(Device device) {
    return release<Entry::cuDevicePrimaryCtxRelease>(device);
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxRelease_v2(Device device) {
    return release<Entry::cuDevicePrimaryCtxRelease_v2>(device);
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxReset(Device device) {
    return reset<Entry::cuDevicePrimaryCtxReset>(device);
}

HEAPDRIFT_EXPORT Result cuDevicePrimaryCtxReset_v2(Device device) {
    return reset<Entry::cuDevicePrimaryCtxReset_v2>(device);
}

// A green context is a part of its device's primary context, which it retains for as long as it is
// there; memory belongs to that.
HEAPDRIFT_EXPORT Result cuGreenCtxCreate(GreenContext* green, void* resources, Device device,
                                         unsigned flags) {
    const DriverCall call;
    const Result result = forward<Entry::cuGreenCtxCreate>(green, resources, device, flags);
    note_retained(call, result, device, 0);
    if (call.recorded() && result == kSuccess) {
        Object object =
            object_of(ObjectKind::green_context, Domain::cuda_device, handed_out(result, green), 0);
        object.owner = owner_of(device);
        enter_object(object);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuCtxFromGreenCtx(Context* context, GreenContext green) {
    const DriverCall call;
    const Result result = forward<Entry::cuCtxFromGreenCtx>(context, green);
    if (!call.recorded() || result != kSuccess) return result;
    const Object known = objects.change(ObjectKind::green_context, address_of(green),
                                        [](const Object&) { return true; });
    if (known.exists()) {
        Object object =
            object_of(ObjectKind::context, Domain::cuda_device, handed_out(result, context), 0);
        object.owner = known.owner;
        // Asked for again it is the same.
        object.references = 0;
        enter_object(object);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuGreenCtxDestroy(GreenContext green) {
    const DriverCall call;
    const uint32_t last_serial = objects.last_serial();
    const Object object =
        call.recorded() ? objects.take(ObjectKind::green_context, address_of(green)) : Object{};
    const Result result = forward<Entry::cuGreenCtxDestroy>(green);
    if (!object.exists()) return result;
    if (result == kSuccess)
        note_released(call, result, static_cast<Device>(object.owner - 1), last_serial);
    else
        put_object_back(object);
    return result;
}
