#include "preload/scan/device_objects.h"

#include "preload/cuda/recording.h"

namespace heapdrift::scan {
namespace {

using cuda::Object;
using cuda::ObjectKind;

bool holds_host_memory(const Object& object) {
    return object.domain == Domain::cuda_managed || object.domain == Domain::cuda_pinned;
}

// Searched with the other mappings; the driver keeps memory that moves to devices from copies.
bool is_searched(MemoryMap& map, const Object& object) {
    const Mapping* mapping = map.find(object.key);
    return mapping != nullptr && mapping->readable && mapping->kind != Mapping::Kind::device;
}

DeviceObject found_by(const Object& object, uint64_t size) {
    return {object.key, object.key + size, object.size, 0, raw(object.site), Mark::none};
}

// How much of a certain mark is worth beside another one.
uint32_t strength(Mark mark) {
    switch (mark) {
        case Mark::reachable:
            return 3;
        case Mark::possible:
            return 2;
        case Mark::indirect:
            return 1;
        default:
            return 0;
    }
}

}  // namespace

bool DeviceObjects::fill(MemoryMap& map) {
    // Handles that something else than an address keeps in use: the array or multicast object that
    // it belongs to has a handle of its own, and is not followed up.
    Array<uint64_t> bound;
    cuda::objects.for_each_held([&](const Object& object) {
        if (object.kind == ObjectKind::tile || object.kind == ObjectKind::binding)
            bound.add(object.owner);
        if (object.kind == ObjectKind::mapping) {
            objects_.add({object.key, object.key + object.size, 0, object.owner, 0, Mark::none});
            return;
        }
        if (raw(object.site) == 0 || !domain_scanned(object.domain)) return;
        const bool by_address = object.kind == ObjectKind::pointer;
        objects_.add(found_by(object, by_address && object.size != 0 ? object.size : 1));
        if (by_address && holds_host_memory(object)) unseen_ |= !is_searched(map, object);
    });
    sort(objects_, [](const DeviceObject& a, const DeviceObject& b) { return a.start < b.start; });
    for (const DeviceObject& object : objects_)
        if (object.end > highest_) highest_ = object.end;
    if (objects_.count() != 0) lowest_ = objects_[0].start;
    for (const uint64_t handle : bound) follow(handle, Mark::reachable);
    return !objects_.failed() && !bound.failed();
}

uint64_t DeviceObjects::find(uint64_t word) const {
    const uint64_t at = first_behind(objects_, word);
    return at < objects_.count() && objects_[at].start <= word ? at : kNone;
}

bool DeviceObjects::overlaps(uint64_t start, uint64_t end) const {
    const uint64_t at = first_behind(objects_, start);
    return at < objects_.count() && objects_[at].start < end;
}

void DeviceObjects::follow_slow(uint64_t word, Mark mark) {
    const uint64_t at = find(word);
    if (at != kNone && objects_[at].mark == Mark::none) objects_[at].mark = mark;
}

void DeviceObjects::settle() {
    for (const DeviceObject& range : objects_) {
        if (range.handle == 0) continue;
        const uint64_t at = find(range.handle);
        if (at != kNone && strength(range.mark) > strength(objects_[at].mark))
            objects_[at].mark = range.mark;
    }
}

}  // namespace heapdrift::scan
