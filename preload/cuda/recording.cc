#include "preload/cuda/recording.h"

#include "preload/cuda/device_list.h"
#include "preload/cuda/driver_library.h"
#include "preload/cuda/event_log.h"
#include "preload/cuda/handle_uses.h"
#include "preload/operation.h"

namespace heapdrift::cuda {

constinit ObjectTable objects;

namespace {

constinit std::atomic<uint64_t> next_look_ns{0};
constexpr uint64_t kLookIntervalNs = 100'000'000;

CudaFigures& figures() {
    return recorder.file.header().cuda;
}

// An allocation stands where this one is still recorded: it was given back behind our back. A
// handle that was kept by its mappings alone went with the last of them, on another thread.
void count_replaced(const Object& replaced) {
    if (!replaced.exists()) return;
    if (replaced.references > 0)
        figures().missed_deallocations.fetch_add(1, std::memory_order_relaxed);
    count_object_gone(replaced);
}

void enter(const Object& object) {
    Object replaced;
    if (!objects.add(object, replaced))
        drop(Drop::no_space);
    else
        count_replaced(replaced);
}

}  // namespace

DriverCall::DriverCall() : outermost_(!tls.in_driver) {
    if (!outermost_) return;
    tls.in_driver = true;
    recorded_ = active();
    if (recorded_ && figures().driver_seen.load(std::memory_order_relaxed) == 0) note_driver_seen();
}

void record_object(const Object& object, const StartState& caller) {
    Object replaced;
    {
        const Operation operation;
        ThreadState* state = operation.state();
        if (state == nullptr || recorder.paused.load(std::memory_order_relaxed)) return;
        Object recorded = object;
        recorded.site = operation.find_site(caller, object.domain);
        const uint64_t moment = present_moment();
        recorded.generation = generation_of(moment);
        Cell* cell = raw(recorded.site) == 0
                         ? nullptr
                         : state->counters.touch(recorded.site, epoch_of(moment));
        if (cell == nullptr || !objects.add(recorded, replaced)) return drop(Drop::no_space);
        count_allocation(*state, *cell, recorder.sampler.whole(object.size), Origin::fresh);
        devices.count_allocated(recorded);
    }
    count_replaced(replaced);
}

void enter_object(const Object& object) {
    enter(object);
}

void put_object_back(const Object& object) {
    enter(object);
}

void count_object_gone(const Object& object) {
    if (raw(object.site) == 0) return;
    const Operation operation;
    ThreadState* state = operation.state();
    if (state == nullptr) return;
    const uint64_t moment = present_moment();
    Cell* cell = state->counters.touch(object.site, epoch_of(moment));
    if (cell == nullptr) return drop(Drop::no_space);
    const uint64_t count = recorder.sampler.unit();
    add(cell->deallocations, count);
    add(cell->deallocated_bytes, object.size);
    if (object.generation != generation_of(moment))
        state->counters.count_aged(*cell, object.site, object.generation, moment, count,
                                   object.size);
    add(state->row->deallocations, count);
    devices.count_gone(object);
    count_operation(*state);
}

// What was allocated in one generation is not counted as gone in another: then the object goes, and
// comes again.
void count_object_grown(const Object& before, const Object& now) {
    if (raw(now.site) == 0) return;
    const bool comes_again = now.generation != before.generation;
    if (comes_again) count_object_gone(before);
    const Operation operation;
    ThreadState* state = operation.state();
    if (state == nullptr) return;
    Cell* cell = state->counters.touch(now.site, epoch_of(present_moment()));
    if (cell == nullptr) return drop(Drop::no_space);
    Weight weight = recorder.sampler.whole(comes_again ? now.size : now.size - before.size);
    if (!comes_again) {
        weight.count = 0;
        devices.count_gone(before);
    }
    count_allocation(*state, *cell, weight, Origin::fresh);
    devices.count_allocated(now);
}

void settle_allocation(Result result, Object object, const Place& place, const StartState& caller) {
    object.device = place.device;
    object.context = place.context;
    if (result == kSuccess)
        record_object(object, caller);
    else if (result == kOutOfMemory)
        note_out_of_memory(object, result, caller);
}

void settle_allocation_here(const DriverCall& call, Result result, const Object& object,
                            const StartState& caller) {
    if (!call.settles(result)) return;
    Place place = place_here();
    if (object.domain == Domain::cuda_pinned || object.domain == Domain::cuda_registered)
        place.device = kNoCudaDevice;
    settle_allocation(result, object, place, caller);
}

Deallocation::Deallocation(const DriverCall& call, ObjectKind kind, uint64_t key)
    : kind_(kind),
      key_(key),
      recorded_(call.recorded() && key != 0),
      last_serial_(objects.last_serial()) {
    if (recorded_) object_ = objects.take(kind, key);
}

Result Deallocation::settle(Result result, const StartState& caller) {
    if (!recorded_) return result;
    if (!object_.exists()) {
        if (result == kSuccess) {
            figures().unknown_deallocations.fetch_add(1, std::memory_order_relaxed);
        } else if (result != kDeinitialized) {
            Object unknown;
            unknown.key = key_;
            unknown.kind = kind_;
            unknown.device = kNoCudaDevice;
            note_failed_deallocation(unknown, result, caller);
        }
        return result;
    }
    // The memory of a graph's node: freed for now, but the node allocates it again at each launch.
    const bool stays = object_.domain == Domain::cuda_graph;
    if (result == kSuccess && !stays) {
        count_object_gone(object_);
        return result;
    }
    put_object_back(object_);
    // A driver that is shut down already refuses everything; at a program's end that is common.
    if (result != kSuccess && result != kDeinitialized)
        note_failed_deallocation(object_, result, caller);
    return result;
}

void count_context_gone(uint64_t context, uint32_t last_serial) {
    if (context == 0) return;
    ObjectTable::Search search;
    for (;;) {
        const Object object = objects.take_next(search, [=](const Object& each) {
            return each.context == context && each.serial <= last_serial;
        });
        if (!object.exists()) return;
        figures().implicit_deallocations.fetch_add(1, std::memory_order_relaxed);
        count_object_gone(object);
        if (object.kind == ObjectKind::array || object.kind == ObjectKind::mipmapped_array)
            end_uses_of(object.key, last_serial);
    }
}

void look_at_reserved(uint8_t device, Pool pool, bool at_once) {
    if (device == kNoCudaDevice) return;
    const uint64_t now = recorder.file.since_start_coarse_ns();
    uint64_t due = next_look_ns.load(std::memory_order_relaxed);
    if (at_once)
        next_look_ns.store(now + kLookIntervalNs, std::memory_order_relaxed);
    else if (now < due || !next_look_ns.compare_exchange_strong(due, now + kLookIntervalNs,
                                                                std::memory_order_relaxed))
        return;
    const Device ordinal = devices.ordinal_of(device);
    if (pool == nullptr) pool = present_pool(ordinal);
    const uint64_t reserved = pool == nullptr ? kUnknownBytes : reserved_by_pool(pool);
    if (reserved == kUnknownBytes) return;
    // Only a pool in use may be asked: another could be destroyed meanwhile. What it answered is
    // kept with it.
    const auto key = reinterpret_cast<uint64_t>(pool);
    const Object known = objects.change(ObjectKind::pool, key, [&](Object& object) {
        object.size = reserved;
        return true;
    });
    if (!known.exists()) {
        Object present;
        present.key = key;
        present.size = reserved;
        present.kind = ObjectKind::pool;
        present.domain = Domain::cuda_pool;
        present.device = device;
        enter_object(present);
    }
    uint64_t all = 0;
    objects.for_each([&](const Object& object) {
        if (object.kind == ObjectKind::pool && object.device == device) all += object.size;
    });
    const uint64_t graphs = reserved_by_graphs(ordinal);
    devices.note_reserved(device, all, graphs == kUnknownBytes ? 0 : graphs);
}

void forget() {
    objects.forget();
    devices.forget();
    forget_requests();
    forget_events();
    next_look_ns.store(0, std::memory_order_relaxed);
    tls.in_driver = false;
}

}  // namespace heapdrift::cuda
