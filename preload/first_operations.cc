#include "preload/first_operations.h"

#include <dlfcn.h>

#include "preload/operation.h"
#include "preload/unwind/rule_table.h"

namespace heapdrift {
namespace {

// For SiteTable.
struct KeptStack {
    const uint64_t* innermost_first;
    uint32_t frames;
    StackEnd stack_end;

    uint32_t count() const { return frames; }
    StackEnd end() const { return stack_end; }
    uint64_t address(uint32_t position) const { return innermost_first[frames - 1 - position]; }
    static FrameKind kind(uint32_t) { return FrameKind::native; }
};

}  // namespace

// False: code that is in no module, or in one too many.
bool FirstOperations::note_module(uint64_t address) {
    for (uint32_t i = 0; i < module_count_; ++i)
        if (address >= modules_[i].start && address < modules_[i].end) return true;
    dl_find_object found{};
    if (module_count_ == kModules || _dl_find_object(reinterpret_cast<void*>(address), &found) != 0)
        return false;
    modules_[module_count_++] = {reinterpret_cast<uint64_t>(found.dlfo_map_start),
                                 reinterpret_cast<uint64_t>(found.dlfo_map_end),
                                 reinterpret_cast<uint64_t>(found.dlfo_link_map)};
    return true;
}

bool FirstOperations::is_live(uint64_t address) {
    bool live = false;
    for (uint32_t at = 0; at < used_; at += kEntryWords + entry_at(at).frames)
        if (entry_at(at).address == address) live = !entry_at(at).deallocation;
    return live;
}

bool FirstOperations::keep_allocation(uint64_t address, uint64_t size, const StartState& caller,
                                      Origin origin) {
    const uint32_t at = used_ + kEntryWords;
    // What has the address of a block that still lives is a deallocation that was missed.
    if (over_ || at >= kWords || address >= BlockTable::kHighestAddress || is_live(address) ||
        allocated_bytes_ + size >= recorder.options.min_descendant)
        return false;
    if (used_ == 0) rule_table.reset();
    // Walked into the room behind the entry, then gathered at its beginning.
    auto* const frames = reinterpret_cast<Frame*>(words_ + at);
    const auto room = static_cast<uint32_t>((kWords - at) * sizeof(uint64_t) / sizeof(Frame));
    const auto depth = static_cast<uint32_t>(recorder.options.depth);
    const uint32_t limit = room < depth ? room : depth;
    if (limit == 0) return false;
    StackBounds bounds;
    auto end = StackEnd::complete;
    const uint32_t count = walk(caller, bounds, frames, limit, end);
    if (end == StackEnd::depth_limit && limit < depth) return false;
    for (uint32_t i = 0; i < count; ++i) {
        if (frames[i].kind != FrameKind::native || !note_module(frames[i].address - 1))
            return false;
        words_[at + i] = frames[i].address;
    }
    entry_at(used_) = {address, size, count, end, false, origin};
    allocated_bytes_ += size;
    used_ = at + count;
    return true;
}

bool FirstOperations::keep_deallocation(uint64_t address) {
    if (over_) return false;
    for (uint32_t i = 0; i < module_count_; ++i)
        if (modules_[i].link_map == address) return false;
    if (!is_live(address)) {
        // As in note_unknown.
        if (tls.last_released != address) ++unknown_deallocations_;
        return true;
    }
    if (used_ + kEntryWords > kWords) return false;
    entry_at(used_) = {address, 0, 0, StackEnd::complete, true, Origin::fresh};
    used_ += kEntryWords;
    tls.last_released = address;
    return true;
}

void FirstOperations::take_deallocation_back(uint64_t address) {
    if (used_ < kEntryWords) return;
    const Entry& last = entry_at(used_ - kEntryWords);
    if (last.address == address && last.deallocation) used_ -= kEntryWords;
}

void FirstOperations::enter(ThreadState& state) {
    over_ = true;
    const uint64_t last_released = tls.last_released;
    recorder.file.control().unknown_deallocations.fetch_add(unknown_deallocations_,
                                                            std::memory_order_relaxed);
    for (uint32_t at = 0; at < used_; at += kEntryWords + entry_at(at).frames) {
        const Entry& entry = entry_at(at);
        if (entry.deallocation) {
            release_block<Domain::heap>(state, entry.address);
            continue;
        }
        const KeptStack stack{words_ + at + kEntryWords, entry.frames, entry.end};
        const SiteId site = state.stack.site_of(stack, Domain::heap, recorder.sites);
        const uint64_t moment = present_moment();
        Cell* cell = raw(site) == 0 ? nullptr : state.counters.touch(site, epoch_of(moment));
        if (cell == nullptr) {
            drop(Drop::no_space);
            continue;
        }
        if (!enter_block<Domain::heap>(state, entry.address, site, generation_of(moment),
                                       entry.size))
            continue;
        state.last_allocated = entry.address;
        count_allocation(state, *cell, weigh<Path::any>(entry.size), entry.origin);
        add_balance(state, static_cast<int64_t>(entry.size));
    }
    tls.last_released = last_released;
}

}  // namespace heapdrift
