#include "preload/cuda/handle_uses.h"

#include "core/cuda_figures.h"
#include "preload/cuda/event_log.h"
#include "preload/cuda/recording.h"
#include "preload/operation.h"

namespace heapdrift::cuda {
namespace {

// Most programs have none: then nothing is searched for when an array is destroyed.
constinit std::atomic<bool> any_held{false};

CudaFigures& figures() {
    return recorder.file.header().cuda;
}

void add(Shared<uint64_t>& count, Shared<uint64_t>& bytes, const Object& handle, int change) {
    const auto one = static_cast<uint64_t>(change);
    count.fetch_add(one, std::memory_order_relaxed);
    bytes.fetch_add(one * handle.size, std::memory_order_relaxed);
}

// Of imported memory nobody says how much it is before it is put to use.
void learn_size(uint64_t handle, uint64_t reaches) {
    Object before;
    const Object known = objects.change(ObjectKind::handle, handle, [&](Object& each) {
        before = each;
        if (each.domain != Domain::cuda_imported || each.size >= reaches) return true;
        each.size = reaches;
        each.generation = generation_of(present_moment());
        return true;
    });
    if (known.exists() && known.size != before.size) count_object_grown(before, known);
}

// After a use of it is gone. The number may have been given to another handle since.
void leave_handle(const Object& use) {
    bool was_released = false;
    const auto leave = [&](Object& object) {
        if (object.serial > use.serial || object.mappings == 0) return true;
        was_released = object.references == 0;
        --object.mappings;
        return is_live(object);
    };
    const Object handle = objects.change(ObjectKind::handle, use.owner, leave);
    if (handle.exists()) {
        if (is_live(handle)) return;
        if (was_released) count_released(handle, -1);
        count_object_gone(handle);
        return;
    }
    const Object team = objects.change(ObjectKind::multicast, use.owner, leave);
    if (team.exists() && !is_live(team)) end_uses_of(team.key, objects.last_serial());
}

}  // namespace

void count_unmapped(const Object& handle, int change) {
    add(figures().unmapped_handles, figures().unmapped_bytes, handle, change);
    count_handle(CudaEventKind::unmapped_handles, handle, change);
}
void count_released(const Object& handle, int change) {
    add(figures().released_handles, figures().released_bytes, handle, change);
    count_handle(CudaEventKind::released_handles, handle, change);
}

void begin_use(const HandleUse& use) {
    learn_size(use.handle, use.reaches);
    bool first = false;
    const auto enter = [&](Object& each) {
        first = !each.was_mapped;
        each.was_mapped = true;
        ++each.mappings;
        return true;
    };
    const Object handle = objects.change(ObjectKind::handle, use.handle, enter);
    if (handle.exists()) {
        if (first) count_unmapped(handle, -1);
    } else if (!objects.change(ObjectKind::multicast, use.handle, enter).exists()) {
        return;
    }
    Object object;
    object.kind = use.kind;
    object.key = use.place;
    object.size = use.size;
    object.domain = Domain::cuda_virtual;
    object.owner = use.handle;
    object.holder = use.holder;
    if (use.holder != 0) any_held.store(true, std::memory_order_relaxed);
    enter_object(object);
}

uint64_t end_use(ObjectKind kind, uint64_t place) {
    const Object use = objects.take(kind, place);
    if (!use.exists()) return 0;
    leave_handle(use);
    return use.size;
}

void end_uses_of(uint64_t holder, uint32_t last_serial) {
    if (holder == 0 || !any_held.load(std::memory_order_relaxed)) return;
    ObjectTable::Search search;
    for (;;) {
        const Object use = objects.take_next(search, [=](const Object& each) {
            return each.holder == holder && each.serial <= last_serial;
        });
        if (!use.exists()) return;
        leave_handle(use);
    }
}

}  // namespace heapdrift::cuda
