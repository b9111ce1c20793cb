#include "preload/torch/recording.h"

#include "preload/cuda/device_list.h"
#include "preload/cuda/recording.h"
#include "preload/operation.h"
#include "preload/torch/segment_table.h"

namespace heapdrift::torch {
namespace {

constinit SegmentTable segments(cuda::objects);

CudaFigures& figures() {
    return recorder.file.header().cuda;
}

void count_gone(ThreadState& state, const BlockRecord& record) {
    const uint64_t moment = present_moment();
    Cell* cell = state.counters.touch(record.site, epoch_of(moment));
    if (cell == nullptr) return drop(Drop::no_space);
    const uint64_t count = recorder.sampler.unit();
    add(cell->deallocations, count);
    add(cell->deallocated_bytes, record.size);
    if (record.generation != generation_of(moment))
        state.counters.count_aged(*cell, record.site, record.generation, moment, count,
                                  record.size);
    add(state.row->deallocations, count);
}

// False where it was not recorded.
bool record_tensor(uint64_t address, uint64_t size, Domain domain, const StartState& caller) {
    const Operation operation;
    ThreadState* state = operation.state();
    if (state == nullptr || recorder.paused.load(std::memory_order_relaxed)) return false;
    if (address >= BlockTable::kHighestAddress) return drop(Drop::high_address), false;
    const SiteId site = operation.find_site(caller, domain);
    const uint64_t moment = present_moment();
    Cell* cell = raw(site) == 0 ? nullptr : state->counters.touch(site, epoch_of(moment));
    if (cell == nullptr) return drop(Drop::no_space), false;
    const BlockTable::Put put =
        recorder.tensors.put(address, {site, generation_of(moment), size, false});
    if (raw(put.replaced.site) != 0) {
        recorder.file.control().missed_deallocations.fetch_add(1, std::memory_order_relaxed);
        count_gone(*state, put.replaced);
    }
    if (!put.done) return drop(Drop::no_space), false;
    count_allocation(*state, *cell, recorder.sampler.whole(size), Origin::fresh);
    return true;
}

// What was recorded of it; site 0 where nothing was, as of tensors that are older than we are.
BlockRecord take_tensor(uint64_t address) {
    if (address >= BlockTable::kHighestAddress || !active()) return {};
    const Operation operation;
    ThreadState* state = operation.state();
    if (state == nullptr) return {};
    const BlockRecord record = recorder.tensors.take(address);
    if (raw(record.site) == 0) return record;
    count_gone(*state, record);
    count_operation(*state);
    return record;
}

bool is_recorded(uint64_t address) {
    if (address >= BlockTable::kHighestAddress || !active()) return false;
    const Operation operation;
    if (operation.state() == nullptr) return false;
    const BlockRecord record = recorder.tensors.take(address);
    return raw(record.site) != 0 && recorder.tensors.put(address, record).done;
}

// The allocator's lock is held meanwhile, so reports of one device come one after the other.
void note_sums(const Report& report, uint8_t device, uint64_t used_before) {
    CudaTensors& sums = figures().tensors[device];
    const uint64_t now = recorder.file.since_start_ns();
    const uint64_t reserved_before = sums.reserved_bytes.load(std::memory_order_relaxed);
    if (report.size > 0 && report.reserved > reserved_before) {
        sums.grown_allocated_bytes.store(report.allocated - static_cast<uint64_t>(report.size),
                                         std::memory_order_relaxed);
        sums.grown_segment_bytes.store(used_before, std::memory_order_relaxed);
        sums.grown_ns.store(now, std::memory_order_relaxed);
    }
    sums.allocated_bytes.store(report.allocated, std::memory_order_relaxed);
    sums.reserved_bytes.store(report.reserved, std::memory_order_relaxed);
    sums.said_ns.store(now, std::memory_order_relaxed);
}

void record_cuda_tensor(const Report& report, const StartState& caller) {
    // Says that CUDA is in use, and keeps what the driver does for us out of the recording.
    const cuda::DriverCall call;
    if (!call.recorded()) return;
    const uint8_t device = cuda::devices.entry_of(report.device.index);
    const bool known = device != kNoCudaDevice;
    const uint64_t used_before = known ? segments.used_bytes(device) : 0;
    if (report.size > 0) {
        const auto size = static_cast<uint64_t>(report.size);
        if (record_tensor(report.address, size, Domain::cuda_tensor, caller) && known)
            segments.add_tensor(report.address, size, device);
    } else {
        const BlockRecord record = take_tensor(report.address);
        if (raw(record.site) != 0) segments.remove_tensor(report.address, record.size);
    }
    if (known) note_sums(report, device, used_before);
}

}  // namespace

void record_host_tensor(uint64_t address, uint64_t size, const StartState& caller) {
    if (address != 0 && size != 0) record_tensor(address, size, Domain::host_tensor, caller);
}

void record_host_tensor_gone(uint64_t address) {
    if (address != 0) take_tensor(address);
}

void record_report(const Report& report, const StartState& caller) {
    if (report.address == 0 || report.size == 0 || !active()) return;
    switch (report.device.type) {
        case kCuda:
            return record_cuda_tensor(report, caller);
        case kHost:
            // Files that are mapped as tensors; and, while a profiler runs, what we know already.
            if (report.size < 0)
                take_tensor(report.address);
            else if (!is_recorded(report.address))
                record_host_tensor(report.address, static_cast<uint64_t>(report.size), caller);
            return;
        default:
            if (report.size > 0) figures().other_tensors.fetch_add(1, std::memory_order_relaxed);
    }
}

void forget() {
    segments.forget();
}

}  // namespace heapdrift::torch
