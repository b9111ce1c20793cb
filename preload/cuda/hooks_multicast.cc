// Multicast objects: no memory of their own, but what is bound to them they keep.
#include "preload/cuda/device_list.h"
#include "preload/cuda/forward.h"
#include "preload/cuda/handle_uses.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

// Memory of several devices may be bound at one offset.
uint64_t place_of_binding(MemoryHandle team, Device device, size_t offset) {
    return place_in(team, static_cast<uint32_t>(device), offset);
}

void note_bound(MemoryHandle team, size_t offset, MemoryHandle memory, size_t reaches,
                size_t size) {
    const Object handle =
        objects.change(ObjectKind::handle, memory, [](const Object&) { return true; });
    if (!handle.exists()) return;
    const Device device = handle.device == kNoCudaDevice ? -1 : devices.ordinal_of(handle.device);
    begin_use(
        {ObjectKind::binding, place_of_binding(team, device, offset), size, memory, reaches, team});
}

}  // namespace

HEAPDRIFT_EXPORT Result cuMulticastCreate(MemoryHandle* team, const void* properties) {
    const DriverCall call;
    const Result result = forward<Entry::cuMulticastCreate>(team, properties);
    if (call.recorded() && result == kSuccess) {
        Object object =
            object_of(ObjectKind::multicast, Domain::cuda_virtual, handed_out(result, team), 0);
        object.device = kNoCudaDevice;
        enter_object(object);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMulticastBindMem(MemoryHandle team, size_t offset, MemoryHandle memory,
                                           size_t memory_offset, size_t size,
                                           unsigned long long flags) {
    const DriverCall call;
    const Result result =
        forward<Entry::cuMulticastBindMem>(team, offset, memory, memory_offset, size, flags);
    if (call.recorded() && result == kSuccess)
        note_bound(team, offset, memory, memory_offset + size, size);
    return result;
}

HEAPDRIFT_EXPORT Result cuMulticastBindAddr(MemoryHandle team, size_t offset, DevicePointer pointer,
                                            size_t size, unsigned long long flags) {
    const DriverCall call;
    const Result result = forward<Entry::cuMulticastBindAddr>(team, offset, pointer, size, flags);
    if (call.recorded() && result == kSuccess) {
        // Memory of a pool has no handle, and is kept by its own record.
        const Object mapping =
            objects.change(ObjectKind::mapping, pointer, [](const Object&) { return true; });
        if (mapping.exists()) note_bound(team, offset, mapping.owner, 0, size);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMulticastUnbind(MemoryHandle team, Device device, size_t offset,
                                          size_t size) {
    const DriverCall call;
    const Result result = forward<Entry::cuMulticastUnbind>(team, device, offset, size);
    if (call.recorded() && result == kSuccess)
        end_use(ObjectKind::binding, place_of_binding(team, device, offset));
    return result;
}
