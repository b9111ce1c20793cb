// What the program got from the driver and has not given back, by kind and handle. Calls to the
// driver take microseconds, so a lock is allowed here; it is not held while the driver is called,
// and a fork child, in which CUDA is of no use, starts anew.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/domain.h"
#include "core/ids.h"
#include "preload/table_lock.h"

namespace heapdrift::cuda {

enum class ObjectKind : uint8_t {
    none = 0,
    pointer,     // device memory, pinned host memory: one space of addresses
    registered,  // host memory of the program's
    handle,      // of virtual memory
    mapping,     // of such a handle to addresses
    array,
    mipmapped_array,
    external_memory,
    pool,
    tile,       // of a sparse array: a handle's memory is mapped there
    multicast,  // an object that memory of several devices is bound to
    binding,    // of a handle's memory to such an object
    context,    // that is counted, or belongs to a green one
    green_context,
};

struct Object {
    uint64_t key = 0;  // address or handle
    uint64_t size = 0;
    uint64_t context = 0;  // at whose end the driver gives it back; 0: it stays
    uint64_t owner = 0;    // a mapping's handle, a node's graph
    uint64_t holder = 0;   // a tile's array, a binding's multicast object
    SiteId site{0};        // 0: known, but not counted
    uint32_t generation = 0;
    uint32_t references = 1;  // how often it must be given back
    uint32_t mappings = 0;
    uint32_t serial = 0;  // grows from object to object
    ObjectKind kind = ObjectKind::none;
    Domain domain = Domain::cuda_device;
    uint8_t device = 0;  // entry of CudaFigures.devices, or kNoCudaDevice
    bool was_mapped = false;

    bool exists() const { return kind != ObjectKind::none; }
};

class ObjectTable {
public:
    // Enters an object; `replaced` is the one that stood there, if any. False without memory, or
    // when the lock was not to be had: then nothing was entered.
    bool add(Object object, Object& replaced);
    // Takes the object out; one that does not exist where there is none.
    Object take(ObjectKind kind, uint64_t key);
    // alter(object) on the object, if there is one: true keeps it, false takes it out. Returns it
    // as it was left.
    template <typename Change>
    Object change(ObjectKind kind, uint64_t key, Change alter);
    // How far a search has come.
    struct Search {
        uint32_t at = 0;
        uint32_t moves = 0;
    };
    // Takes out one object that matches; one that does not exist when there is none left. Others
    // may take objects out, and enter some, between two calls of one search.
    template <typename Matches>
    Object take_next(Search& search, Matches matches);
    template <typename Visit>
    void for_each(Visit visit);

    // Keeps the table as it is until released, so that a copy of the process finds it whole. False
    // when the lock was not to be had.
    bool hold();
    void release();
    // For whoever holds it: visit(object) on each.
    template <typename Visit>
    void for_each_held(Visit visit) const;

    bool any() const { return last_serial() != 0; }  // ever entered
    // Objects entered later have a higher number.
    uint32_t last_serial() const { return serial_.load(std::memory_order_relaxed); }

    void forget();

private:
    uint32_t home_of(ObjectKind kind, uint64_t key) const;
    // The object's place, or the free one where it would stand. For the lock's holder; needs room.
    uint32_t find(ObjectKind kind, uint64_t key) const;
    bool grow();
    void erase_at(uint32_t at);

    std::atomic<bool> locked_{false};
    std::atomic<uint32_t> serial_{0};
    Object* objects_ = nullptr;  // a hash table with linear probing, at most half full
    uint32_t capacity_ = 0;      // a power of two
    uint32_t count_ = 0;
    uint32_t moves_ = 0;  // how often objects may have moved to another place
};

template <typename Change>
Object ObjectTable::change(ObjectKind kind, uint64_t key, Change alter) {
    const TableLock lock(locked_);
    if (!lock.held() || capacity_ == 0) return {};
    const uint32_t at = find(kind, key);
    if (!objects_[at].exists()) return {};
    const bool stays = alter(objects_[at]);
    const Object object = objects_[at];
    if (!stays) erase_at(at);
    return object;
}

template <typename Matches>
Object ObjectTable::take_next(Search& search, Matches matches) {
    const TableLock lock(locked_);
    if (!lock.held()) return {};
    // One that was ahead may be behind now.
    if (search.moves != moves_) search.at = 0;
    search.moves = moves_;
    for (uint32_t& at = search.at; at < capacity_; ++at) {
        if (!objects_[at].exists() || !matches(objects_[at])) continue;
        const Object object = objects_[at];
        // Another may move here: the search goes on at the same place.
        erase_at(at);
        search.moves = moves_;
        return object;
    }
    return {};
}

template <typename Visit>
void ObjectTable::for_each(Visit visit) {
    const TableLock lock(locked_);
    if (lock.held()) for_each_held(visit);
}

template <typename Visit>
void ObjectTable::for_each_held(Visit visit) const {
    for (uint32_t i = 0; i < capacity_; ++i)
        if (objects_[i].exists()) visit(objects_[i]);
}

}  // namespace heapdrift::cuda
