#include "preload/recorder.h"

#include "preload/cuda/recording.h"
#include "preload/large_table.h"
#include "preload/operation.h"
#include "preload/scan/scan.h"
#include "preload/torch/recording.h"

namespace heapdrift {

HEAPDRIFT_LARGE_TABLE constinit Recorder recorder;

void record_allocation(uint64_t address, uint64_t size, const StartState& caller, Domain domain,
                       Origin origin) {
    if (domain == Domain::custom)
        record_allocation_inline<Domain::custom, Path::any>(address, size, caller, origin);
    else if (is_ordinary() == Ordinary::exact)
        record_allocation_inline<Domain::heap, Path::ordinary>(address, size, caller, origin);
    else
        record_allocation_inline<Domain::heap, Path::any>(address, size, caller, origin);
}

void record_deallocation(uint64_t address, Domain domain) {
    if (domain == Domain::custom)
        record_deallocation_inline<Domain::custom, Path::any>(address);
    else
        record_deallocation_inline<Domain::heap, Path::any>(address);
}

void record_deallocation_if_known(uint64_t address) {
    const Operation operation;
    if (operation.state() == nullptr || address >= BlockTable::kHighestAddress ||
        !recorder.sampler.may_hold(address))
        return;
    const BlockRecord record = recorder.blocks.take(address);
    if (raw(record.site) == 0) return;
    recorder.sampler.forget(address);
    count_deallocated<Domain::heap, Path::any>(*operation.state(), address, record);
}

BlockRecord take_block(uint64_t address) {
    if (address >= BlockTable::kHighestAddress || tls.busy != Busy::no) return {};
    if (!is_recording()) [[unlikely]]
        if (take_without_state(address) || !activate_slow()) return {};
    if (!recorder.sampler.may_hold(address)) return {};
    const BlockRecord record = recorder.blocks.take(address);
    if (raw(record.site) == 0)
        note_unknown(address);
    else
        recorder.sampler.forget(address);
    return record;
}

void count_deallocation(uint64_t address, const BlockRecord& record) {
    if (raw(record.site) == 0) return;
    const Operation operation;
    if (operation.state() != nullptr)
        count_deallocated<Domain::heap, Path::any>(*operation.state(), address, record);
}

void put_block_back(uint64_t address, const BlockRecord& record) {
    if (raw(record.site) == 0) return put_back_without_state(address);
    recorder.sampler.note(address);
    recorder.blocks.put(address, record);
}

void record_mapping(uint64_t start, uint64_t size, const StartState& caller) {
    const Operation operation;
    if (operation.state() == nullptr || recorder.paused.load(std::memory_order_relaxed)) return;
    const SiteId site = operation.find_site(caller, Domain::mapping);
    const uint64_t moment = present_moment();
    CounterTable& counters = operation.state()->counters;
    Cell* cell = raw(site) == 0 ? nullptr : counters.touch(site, epoch_of(moment));
    if (cell == nullptr || !recorder.mappings.add(start, size, site, generation_of(moment))) {
        drop(Drop::no_space);
        return;
    }
    count_allocation(*operation.state(), *cell, recorder.sampler.whole(size), Origin::fresh);
}

namespace {

void count_piece(const Operation& operation, const Unmapped& piece) {
    ThreadState& state = *operation.state();
    const uint64_t moment = present_moment();
    Cell* cell = state.counters.touch(piece.site, epoch_of(moment));
    if (cell == nullptr) {
        drop(Drop::no_space);
        return;
    }
    const uint64_t bytes = piece.end - piece.start;
    const uint64_t count = piece.last ? recorder.sampler.unit() : 0;
    add(cell->deallocated_bytes, bytes);
    add(cell->deallocations, count);
    add(state.row->deallocations, count);
    if (piece.generation != generation_of(moment))
        state.counters.count_aged(*cell, piece.site, piece.generation, moment, count, bytes);
}

}  // namespace

TakenMappings::TakenMappings(uint64_t start, uint64_t size) {
    if (size == 0) return;
    const Operation operation;
    if (operation.state() == nullptr) return;
    while (count_ < kMost) {
        const MappingTable::Removal removal =
            recorder.mappings.remove_one(start, size, pieces_[count_]);
        if (removal == MappingTable::Removal::busy) drop(Drop::no_space);
        if (removal != MappingTable::Removal::done) return;
        ++count_;
    }
    // One call over more mappings than are remembered: the rest is believed to go.
    Unmapped piece;
    while (recorder.mappings.remove_one(start, size, piece) == MappingTable::Removal::done)
        count_piece(operation, piece);
}

void TakenMappings::count_gone() {
    const Operation operation;
    if (operation.state() == nullptr) return;
    for (uint32_t i = 0; i < count_; ++i) count_piece(operation, pieces_[i]);
    count_operation(*operation.state());
}

void TakenMappings::put_back() {
    const Operation operation;
    if (operation.state() == nullptr) return;
    for (uint32_t i = 0; i < count_; ++i)
        if (!recorder.mappings.put_back(pieces_[i])) drop(Drop::no_space);
}

void Recorder::open() {
    modules.open(file, blocks, sampler);
    sites.open(file, modules);
    threads.open(file);
}

void Recorder::forget() {
    scan::forget();
    cuda::forget();
    torch::forget();
    sampler.forget_all();
    threads.forget();
    sites.forget();
    modules.forget();
    mappings.forget();
    scopes.forget();
    file.forget();
    blocks.forget_return();
    next_peak_bytes.store(0, std::memory_order_relaxed);
    table_high_bytes.store(0, std::memory_order_relaxed);
    next_return_ns.store(0, std::memory_order_relaxed);
    values_kept_before = 0;
    snapshot_costs = {};
}

}  // namespace heapdrift
