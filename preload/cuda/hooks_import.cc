// Memory of other processes and other interfaces: known, but not this process's.
#include "preload/cuda/forward.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

// The same memory can be opened several times, and gives the same pointer; it must be closed as
// often.
void settle_opened(const DriverCall& call, Result result, const DevicePointer* pointer,
                   const StartState& caller) {
    if (!call.recorded() || result != kSuccess) return;
    const uint64_t key = handed_out(result, pointer);
    const bool again = objects
                           .change(ObjectKind::pointer, key,
                                   [](Object& object) {
                                       if (object.domain == Domain::cuda_imported)
                                           ++object.references;
                                       return true;
                                   })
                           .domain == Domain::cuda_imported;
    if (!again)
        settle_allocation_here(
            call, result,
            object_of(ObjectKind::pointer, Domain::cuda_imported, key, size_behind(key)), caller);
}

// A view of external memory, which is counted already: only that it will be given back matters.
template <typename Handle>
void enter_view(const DriverCall& call, Result result, ObjectKind kind, const Handle* view) {
    if (!call.recorded() || result != kSuccess) return;
    Object object = object_of(kind, Domain::cuda_imported, handed_out(result, view), 0);
    object.device = kNoCudaDevice;
    // Views that overlap may be one to the driver.
    object.references = 0;
    enter_object(object);
}

}  // namespace

HEAPDRIFT_EXPORT Result cuIpcOpenMemHandle(DevicePointer* pointer, IpcHandle handle,
                                           unsigned flags) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuIpcOpenMemHandle>(pointer, handle, flags);
    settle_opened(call, result, pointer, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuIpcOpenMemHandle_v2(DevicePointer* pointer, IpcHandle handle,
                                              unsigned flags) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuIpcOpenMemHandle_v2>(pointer, handle, flags);
    settle_opened(call, result, pointer, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuIpcCloseMemHandle(DevicePointer pointer) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    bool last = true;
    if (call.recorded())
        objects.change(ObjectKind::pointer, pointer, [&](Object& object) {
            last = object.references == 1;
            if (!last) --object.references;
            return true;
        });
    if (last) {
        Deallocation deallocation(call, ObjectKind::pointer, pointer);
        return deallocation.settle(forward<Entry::cuIpcCloseMemHandle>(pointer), caller);
    }
    const Result result = forward<Entry::cuIpcCloseMemHandle>(pointer);
    if (result != kSuccess)
        objects.change(ObjectKind::pointer, pointer,
                       [](Object& object) { return ++object.references > 0; });
    return result;
}

HEAPDRIFT_EXPORT Result cuImportExternalMemory(ExternalMemory* memory,
                                               const ExternalMemoryDescription* description) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuImportExternalMemory>(memory, description);
    if (result == kSuccess && description != nullptr)
        settle_allocation_here(call, result,
                               object_of(ObjectKind::external_memory, Domain::cuda_imported,
                                         handed_out(result, memory), description->size),
                               caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuDestroyExternalMemory(ExternalMemory memory) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    Deallocation deallocation(call, ObjectKind::external_memory, address_of(memory));
    return deallocation.settle(forward<Entry::cuDestroyExternalMemory>(memory), caller);
}

HEAPDRIFT_EXPORT Result cuExternalMemoryGetMappedBuffer(DevicePointer* pointer,
                                                        ExternalMemory memory,
                                                        const void* description) {
    const DriverCall call;
    const Result result =
        forward<Entry::cuExternalMemoryGetMappedBuffer>(pointer, memory, description);
    enter_view(call, result, ObjectKind::pointer, pointer);
    return result;
}

HEAPDRIFT_EXPORT Result cuExternalMemoryGetMappedMipmappedArray(MipmappedArray* array,
                                                                ExternalMemory memory,
                                                                const void* description) {
    const DriverCall call;
    const Result result =
        forward<Entry::cuExternalMemoryGetMappedMipmappedArray>(array, memory, description);
    enter_view(call, result, ObjectKind::mipmapped_array, array);
    return result;
}
