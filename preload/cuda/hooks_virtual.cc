// Virtual memory management: handles are memory, mappings keep it, reserved addresses are none.
//
// A handle's memory is given back when it was released as often as it was obtained and no mapping
// of it is left.
#include "core/cuda_figures.h"
#include "preload/cuda/event_log.h"
#include "preload/cuda/forward.h"
#include "preload/recorder.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

CudaFigures& figures() {
    return recorder.file.header().cuda;
}

void add(Shared<uint64_t>& count, Shared<uint64_t>& bytes, const Object& handle, int change) {
    const auto one = static_cast<uint64_t>(change);
    count.fetch_add(one, std::memory_order_relaxed);
    bytes.fetch_add(one * handle.size, std::memory_order_relaxed);
}
void count_unmapped(const Object& handle, int change) {
    add(figures().unmapped_handles, figures().unmapped_bytes, handle, change);
    count_handle(CudaEventKind::unmapped_handles, handle, change);
}
void count_released(const Object& handle, int change) {
    add(figures().released_handles, figures().released_bytes, handle, change);
    count_handle(CudaEventKind::released_handles, handle, change);
}

bool is_live(const Object& handle) {
    return handle.references > 0 || handle.mappings > 0;
}

// After a mapping is gone.
void leave_handle(const Object& mapping) {
    bool was_released = false;
    const Object handle = objects.change(ObjectKind::handle, mapping.owner, [&](Object& object) {
        // The number may have been given to another handle since.
        if (object.serial > mapping.serial || object.mappings == 0) return true;
        was_released = object.references == 0;
        --object.mappings;
        return is_live(object);
    });
    if (!handle.exists() || is_live(handle)) return;
    if (was_released) count_released(handle, -1);
    count_object_gone(handle);
}

}  // namespace

HEAPDRIFT_EXPORT Result cuMemCreate(MemoryHandle* handle, size_t size,
                                    const MemoryProperties* properties, unsigned long long flags) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemCreate>(handle, size, properties, flags);
    if (call.recorded() && properties != nullptr &&
        (result == kSuccess || result == kOutOfMemory)) {
        const Object object =
            object_of(ObjectKind::handle, Domain::cuda_virtual, handed_out(result, handle), size);
        settle_allocation(result, object, place_of(properties->location), caller);
        // As it was entered, with its site.
        if (result == kSuccess)
            count_unmapped(
                objects.change(ObjectKind::handle, object.key, [](const Object&) { return true; }),
                1);
    }
    return result;
}

// How much it is nobody says before it is mapped.
HEAPDRIFT_EXPORT Result cuMemImportFromShareableHandle(MemoryHandle* handle, void* shared,
                                                       int kind) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemImportFromShareableHandle>(handle, shared, kind);
    if (call.recorded() && result == kSuccess) {
        Object object =
            object_of(ObjectKind::handle, Domain::cuda_imported, handed_out(result, handle), 0);
        object.was_mapped = true;
        settle_allocation(result, object, {0, place_here().device}, caller);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMemRetainAllocationHandle(MemoryHandle* handle, void* address) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemRetainAllocationHandle>(handle, address);
    if (call.recorded() && result == kSuccess) {
        bool was_released = false;
        const Object object =
            objects.change(ObjectKind::handle, handed_out(result, handle), [&](Object& each) {
                was_released = each.references++ == 0;
                return true;
            });
        if (object.exists() && was_released) count_released(object, -1);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMemRelease(MemoryHandle handle) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    // Before the call: as soon as it is done the number may be given to another handle.
    Object object;
    if (call.recorded())
        object = objects.change(ObjectKind::handle, handle, [](Object& each) {
            if (each.references > 0) --each.references;
            return is_live(each);
        });
    const Result result = forward<Entry::cuMemRelease>(handle);
    if (!object.exists()) {
        // Success is no surprise: multicast objects are released in the same way.
        if (call.recorded() && result != kSuccess && result != kDeinitialized) {
            object = object_of(ObjectKind::handle, Domain::cuda_virtual, handle, 0);
            object.device = kNoCudaDevice;
            note_failed_deallocation(object, result, caller);
        }
        return result;
    }
    if (result == kSuccess) {
        if (is_live(object)) {
            if (object.references == 0) count_released(object, 1);
            return result;
        }
        if (!object.was_mapped) count_unmapped(object, -1);
        count_object_gone(object);
        return result;
    }
    ++object.references;
    const bool present =
        objects
            .change(ObjectKind::handle, handle, [](Object& each) { return ++each.references > 0; })
            .exists();
    if (!present) put_object_back(object);
    if (result != kDeinitialized) note_failed_deallocation(object, result, caller);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemAddressReserve(DevicePointer* pointer, size_t size, size_t alignment,
                                            DevicePointer wanted, unsigned long long flags) {
    const DriverCall call;
    const Result result =
        forward<Entry::cuMemAddressReserve>(pointer, size, alignment, wanted, flags);
    if (call.recorded() && result == kSuccess)
        figures().reserved_address_bytes.fetch_add(size, std::memory_order_relaxed);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemAddressFree(DevicePointer pointer, size_t size) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemAddressFree>(pointer, size);
    if (call.recorded() && result == kSuccess)
        figures().reserved_address_bytes.fetch_sub(size, std::memory_order_relaxed);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemMap(DevicePointer pointer, size_t size, size_t offset,
                                 MemoryHandle handle, unsigned long long flags) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemMap>(pointer, size, offset, handle, flags);
    if (!call.recorded() || result != kSuccess) return result;
    bool first = false;
    const Object object = objects.change(ObjectKind::handle, handle, [&](Object& each) {
        first = !each.was_mapped;
        each.was_mapped = true;
        ++each.mappings;
        return true;
    });
    // Multicast objects, and what was created before we were there.
    if (!object.exists()) return result;
    if (first) count_unmapped(object, -1);
    Object mapping = object_of(ObjectKind::mapping, Domain::cuda_virtual, pointer, size);
    mapping.owner = handle;
    enter_object(mapping);
    return result;
}

// May take back several mappings that lie side by side. The addresses are the program's, so nothing
// else is mapped there before this call has returned.
HEAPDRIFT_EXPORT Result cuMemUnmap(DevicePointer pointer, size_t size) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemUnmap>(pointer, size);
    if (!call.recorded() || result != kSuccess) return result;
    for (uint64_t at = pointer; at < pointer + size;) {
        const Object mapping = objects.take(ObjectKind::mapping, at);
        if (!mapping.exists() || mapping.size == 0) break;
        leave_handle(mapping);
        at += mapping.size;
    }
    return result;
}
