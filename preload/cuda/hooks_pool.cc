// Memory allocated in the order of a stream, from a pool. What the pool gave out is recorded; what
// it keeps of the device's memory is read from it now and then.
#include "core/cuda_figures.h"
#include "preload/cuda/forward.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

// Where a pool lies is known when it was created in our sight, and that of memory from the device's
// own pool is asked for.
uint8_t device_of_pool(Pool pool) {
    const Object known = objects.change(ObjectKind::pool, reinterpret_cast<uint64_t>(pool),
                                        [](const Object&) { return true; });
    return known.exists() ? known.device : kNoCudaDevice;
}

// What a capture was before the call: asked then, for a call that fails may end it.
struct StreamState {
    Capture capture = Capture::none;
    Graph graph = nullptr;

    StreamState(const DriverCall& call, Stream stream, bool per_thread) {
        if (call.recorded()) capture = capture_of(stream, per_thread, graph);
    }
};

void settle_pool_allocation(const DriverCall& call, const StreamState& before, Result result,
                            const DevicePointer* pointer, size_t size, Pool pool, Stream stream,
                            const StartState& caller) {
    if (!call.settles(result)) return;
    Object object =
        object_of(ObjectKind::pointer, Domain::cuda_pool, handed_out(result, pointer), size);
    Place place = result == kSuccess && pool == nullptr
                      ? place_of_pool_memory(object.key, stream)
                      : Place{0, pool == nullptr ? place_here().device : device_of_pool(pool)};
    if (before.capture == Capture::active) {
        object.domain = Domain::cuda_graph;
        object.owner = reinterpret_cast<uint64_t>(before.graph);
        place.device = place_here().device;
    }
    settle_allocation(result, object, place, caller);
    look_at_reserved(place.device, pool);
}

Result free_in_order(const DriverCall& call, Deallocation& deallocation, Result result,
                     const StartState& caller) {
    deallocation.settle(result, caller);
    if (call.recorded() && deallocation.object().domain == Domain::cuda_pool &&
        deallocation.object().exists())
        look_at_reserved(deallocation.object().device, nullptr);
    return result;
}

}  // namespace

HEAPDRIFT_EXPORT Result cuMemAllocAsync(DevicePointer* pointer, size_t size, Stream stream) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const StreamState before(call, stream, false);
    const Result result = forward<Entry::cuMemAllocAsync>(pointer, size, stream);
    settle_pool_allocation(call, before, result, pointer, size, nullptr, stream, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemAllocAsync_ptsz(DevicePointer* pointer, size_t size, Stream stream) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const StreamState before(call, stream, true);
    const Result result = forward<Entry::cuMemAllocAsync_ptsz>(pointer, size, stream);
    settle_pool_allocation(call, before, result, pointer, size, nullptr, stream, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemAllocFromPoolAsync(DevicePointer* pointer, size_t size, Pool pool,
                                                Stream stream) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const StreamState before(call, stream, false);
    const Result result = forward<Entry::cuMemAllocFromPoolAsync>(pointer, size, pool, stream);
    settle_pool_allocation(call, before, result, pointer, size, pool, stream, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemAllocFromPoolAsync_ptsz(DevicePointer* pointer, size_t size, Pool pool,
                                                     Stream stream) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const StreamState before(call, stream, true);
    const Result result = forward<Entry::cuMemAllocFromPoolAsync_ptsz>(pointer, size, pool, stream);
    settle_pool_allocation(call, before, result, pointer, size, pool, stream, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemFreeAsync(DevicePointer pointer, Stream stream) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::pointer, pointer);
    return free_in_order(call, deallocation, forward<Entry::cuMemFreeAsync>(pointer, stream),
                         caller);
}

HEAPDRIFT_EXPORT Result cuMemFreeAsync_ptsz(DevicePointer pointer, Stream stream) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::pointer, pointer);
    return free_in_order(call, deallocation, forward<Entry::cuMemFreeAsync_ptsz>(pointer, stream),
                         caller);
}

HEAPDRIFT_EXPORT Result cuMemPoolCreate(Pool* pool, const PoolProperties* properties) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemPoolCreate>(pool, properties);
    if (call.recorded() && result == kSuccess) {
        Object object = object_of(ObjectKind::pool, Domain::cuda_pool, handed_out(result, pool), 0);
        object.device = place_of(properties->location).device;
        enter_object(object);
    }
    return result;
}

// Memory that another process's pool holds; how much is not for this one to say.
HEAPDRIFT_EXPORT Result cuMemPoolImportFromShareableHandle(Pool* pool, void* shared, int kind,
                                                           unsigned long long flags) {
    const DriverCall call;
    const Result result =
        forward<Entry::cuMemPoolImportFromShareableHandle>(pool, shared, kind, flags);
    if (call.recorded() && result == kSuccess) {
        Object object = object_of(ObjectKind::pool, Domain::cuda_pool, handed_out(result, pool), 0);
        object.device = kNoCudaDevice;
        enter_object(object);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMemPoolTrimTo(Pool pool, size_t kept) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemPoolTrimTo>(pool, kept);
    if (call.recorded() && result == kSuccess) look_at_reserved(device_of_pool(pool), pool, true);
    return result;
}

// What the pool gave out stays allocated until it is freed.
HEAPDRIFT_EXPORT Result cuMemPoolDestroy(Pool pool) {
    const DriverCall call;
    const Object object = call.recorded()
                              ? objects.take(ObjectKind::pool, reinterpret_cast<uint64_t>(pool))
                              : Object{};
    const Result result = forward<Entry::cuMemPoolDestroy>(pool);
    if (object.exists() && result != kSuccess) put_object_back(object);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemPoolImportPointer(DevicePointer* pointer, Pool pool, void* data) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemPoolImportPointer>(pointer, pool, data);
    if (call.recorded() && result == kSuccess) {
        const uint64_t key = handed_out(result, pointer);
        settle_allocation(
            result, object_of(ObjectKind::pointer, Domain::cuda_imported, key, size_behind(key)),
            {0, place_here().device}, caller);
    }
    return result;
}
