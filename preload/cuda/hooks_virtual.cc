// Virtual memory management: handles are memory, mappings keep it, reserved addresses are none.
#include "core/cuda_figures.h"
#include "preload/cuda/event_log.h"
#include "preload/cuda/forward.h"
#include "preload/cuda/handle_uses.h"
#include "preload/recorder.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

CudaFigures& figures() {
    return recorder.file.header().cuda;
}

// Success is no surprise for a handle from before we were there.
void note_release_of_unknown(MemoryHandle handle, Result result, const StartState& caller) {
    if (result == kSuccess || result == kDeinitialized) return;
    Object object = object_of(ObjectKind::handle, Domain::cuda_virtual, handle, 0);
    object.device = kNoCudaDevice;
    note_failed_deallocation(object, result, caller);
}

bool release_once(Object& object) {
    if (object.references > 0) --object.references;
    return is_live(object);
}

void obtain_again(const Object& object) {
    const bool present =
        objects.change(object.kind, object.key, [](Object& each) { return ++each.references > 0; })
            .exists();
    if (present) return;
    Object whole = object;
    ++whole.references;
    put_object_back(whole);
}

void settle_release(const Object& object, uint32_t last_serial) {
    if (object.kind == ObjectKind::multicast) {
        if (!is_live(object)) end_uses_of(object.key, last_serial);
        return;
    }
    if (is_live(object)) {
        if (object.references == 0) count_released(object, 1);
        return;
    }
    if (!object.was_mapped) count_unmapped(object, -1);
    count_object_gone(object);
}

// Tiles are told apart by where they lie. In a mip tail the first word is the layer, and what
// follows it is not the program's to fill.
uint64_t place_of_tile(const ArrayMapping& mapping) {
    const uint64_t array = address_of(mapping.array);
    if (mapping.part_kind == kMipTail)
        return place_in(array, uint64_t{1} << 32 | mapping.part.tail.layer,
                        mapping.part.tail.offset);
    const auto& tile = mapping.part.tile;
    return place_in(array, uint64_t{tile.level} << 40 | uint64_t{tile.layer},
                    place_in(tile.x, tile.y, tile.z));
}

void note_tiles(const DriverCall& call, Result result, const ArrayMapping* mappings,
                unsigned count) {
    if (!call.recorded() || result != kSuccess || mappings == nullptr) return;
    for (unsigned i = 0; i < count; ++i) {
        const uint64_t place = place_of_tile(mappings[i]);
        // What was mapped there before is not any more.
        end_use(ObjectKind::tile, place);
        if (mappings[i].operation == kMapTiles)
            begin_use({ObjectKind::tile, place, 1, mappings[i].handle, mappings[i].offset,
                       address_of(mappings[i].array)});
    }
}

}  // namespace

HEAPDRIFT_EXPORT Result cuMemCreate(MemoryHandle* handle, size_t size,
                                    const MemoryProperties* properties, unsigned long long flags) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemCreate>(handle, size, properties, flags);
    if (call.settles(result) && properties != nullptr) {
        const Object object =
            object_of(ObjectKind::handle, Domain::cuda_virtual, handed_out(result, handle), size);
        settle_allocation(result, object, place_of(properties->location), caller);
        // As it was entered, with its site.
        if (result == kSuccess) {
            const Object entered =
                objects.change(ObjectKind::handle, object.key, [](const Object&) { return true; });
            if (entered.exists()) count_unmapped(entered, 1);
        }
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMemImportFromShareableHandle(MemoryHandle* handle, void* shared,
                                                       int kind) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    const Result result = forward<Entry::cuMemImportFromShareableHandle>(handle, shared, kind);
    if (result == kSuccess) {
        Object object =
            object_of(ObjectKind::handle, Domain::cuda_imported, handed_out(result, handle), 0);
        object.was_mapped = true;
        settle_allocation_here(call, result, object, caller);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMemRetainAllocationHandle(MemoryHandle* handle, void* address) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemRetainAllocationHandle>(handle, address);
    if (call.recorded() && result == kSuccess) {
        bool was_released = false;
        const auto retain = [&](Object& each) {
            was_released = each.references++ == 0;
            return true;
        };
        const uint64_t key = handed_out(result, handle);
        const Object object = objects.change(ObjectKind::handle, key, retain);
        if (!object.exists())
            objects.change(ObjectKind::multicast, key, retain);
        else if (was_released)
            count_released(object, -1);
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMemRelease(MemoryHandle handle) {
    const StartState caller = start_state_of_caller();
    const DriverCall call;
    // Before the call: as soon as it is done the number may be given to another handle.
    Object object;
    const uint32_t last_serial = objects.last_serial();
    if (call.recorded()) {
        object = objects.change(ObjectKind::handle, handle, release_once);
        if (!object.exists()) object = objects.change(ObjectKind::multicast, handle, release_once);
    }
    const Result result = forward<Entry::cuMemRelease>(handle);
    if (!call.recorded()) return result;
    if (!object.exists()) {
        note_release_of_unknown(handle, result, caller);
    } else if (result == kSuccess) {
        settle_release(object, last_serial);
    } else {
        obtain_again(object);
        if (result != kDeinitialized) note_failed_deallocation(object, result, caller);
    }
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
    if (call.recorded() && result == kSuccess)
        begin_use({ObjectKind::mapping, pointer, size, handle, offset + size});
    return result;
}

// May take back several mappings that lie side by side. The addresses are the program's, so nothing
// else is mapped there before this call has returned.
HEAPDRIFT_EXPORT Result cuMemUnmap(DevicePointer pointer, size_t size) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemUnmap>(pointer, size);
    if (!call.recorded() || result != kSuccess) return result;
    for (uint64_t at = pointer; at < pointer + size;) {
        const uint64_t unmapped = end_use(ObjectKind::mapping, at);
        if (unmapped == 0) break;
        at += unmapped;
    }
    return result;
}

HEAPDRIFT_EXPORT Result cuMemMapArrayAsync(ArrayMapping* mappings, unsigned count, Stream stream) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemMapArrayAsync>(mappings, count, stream);
    note_tiles(call, result, mappings, count);
    return result;
}

HEAPDRIFT_EXPORT Result cuMemMapArrayAsync_ptsz(ArrayMapping* mappings, unsigned count,
                                                Stream stream) {
    const DriverCall call;
    const Result result = forward<Entry::cuMemMapArrayAsync_ptsz>(mappings, count, stream);
    note_tiles(call, result, mappings, count);
    return result;
}
