// Device, managed, pinned and registered memory.
#include "preload/cuda/forward.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

template <typename Handle>
void settle_pointer(const DriverCall& call, Result result, Domain domain, const Handle* pointer,
                    size_t size, const StartState& caller) {
    settle_allocation_here(
        call, result, object_of(ObjectKind::pointer, domain, handed_out(result, pointer), size),
        caller);
}

}  // namespace

HEAPDRIFT_EXPORT Result cuMemAlloc_v2(DevicePointer* pointer, size_t size) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemAlloc_v2>(pointer, size);
    settle_pointer(call, result, Domain::cuda_device, pointer, size, caller);
    return result;
}

// The pitch is the driver's choice, so how much was allocated is known afterwards.
HEAPDRIFT_EXPORT Result cuMemAllocPitch_v2(DevicePointer* pointer, size_t* pitch, size_t width,
                                           size_t height, unsigned element_size) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result =
        forward<Entry::cuMemAllocPitch_v2>(pointer, pitch, width, height, element_size);
    const size_t row = result == kSuccess && pitch != nullptr ? *pitch : width;
    settle_pointer(call, result, Domain::cuda_device, pointer, row * height, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemAllocManaged(DevicePointer* pointer, size_t size, unsigned flags) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemAllocManaged>(pointer, size, flags);
    settle_pointer(call, result, Domain::cuda_managed, pointer, size, caller);
    return result;
}

// Takes back what the functions above gave out, memory of pools, and mapped imports.
HEAPDRIFT_EXPORT Result cuMemFree_v2(DevicePointer pointer) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::pointer, pointer);
    return deallocation.settle(forward<Entry::cuMemFree_v2>(pointer), caller);
}

HEAPDRIFT_EXPORT Result cuMemAllocHost_v2(void** pointer, size_t size) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemAllocHost_v2>(pointer, size);
    settle_pointer(call, result, Domain::cuda_pinned, pointer, size, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemHostAlloc(void** pointer, size_t size, unsigned flags) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemHostAlloc>(pointer, size, flags);
    settle_pointer(call, result, Domain::cuda_pinned, pointer, size, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemFreeHost(void* pointer) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::pointer, address_of(pointer));
    return deallocation.settle(forward<Entry::cuMemFreeHost>(pointer), caller);
}

namespace {

void settle_registration(const DriverCall& call, Result result, const void* pointer, size_t size,
                         const StartState& caller) {
    settle_allocation_here(
        call, result,
        object_of(ObjectKind::registered, Domain::cuda_registered, address_of(pointer), size),
        caller);
}

}  // namespace

HEAPDRIFT_EXPORT Result cuMemHostRegister(void* pointer, size_t size, unsigned flags) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemHostRegister>(pointer, size, flags);
    settle_registration(call, result, pointer, size, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemHostRegister_v2(void* pointer, size_t size, unsigned flags) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemHostRegister_v2>(pointer, size, flags);
    settle_registration(call, result, pointer, size, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemHostUnregister(void* pointer) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::registered, address_of(pointer));
    return deallocation.settle(forward<Entry::cuMemHostUnregister>(pointer), caller);
}
