#include "preload/torch/segment_table.h"

#include "preload/page_memory.h"
#include "preload/table_lock.h"

namespace heapdrift::torch {
namespace {

// Mappings are the pieces of an expandable segment.
bool holds_tensors(const cuda::Object& object) {
    return object.size != 0 &&
           (object.kind == cuda::ObjectKind::mapping ||
            (object.kind == cuda::ObjectKind::pointer && domain_charges_device(object.domain)));
}

}  // namespace

uint32_t SegmentTable::first_that_ends_behind(uint64_t address) const {
    uint32_t low = 0;
    uint32_t high = count_;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (segments_[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void SegmentTable::count_use(const Segment& segment, bool used) {
    const uint64_t bytes = segment.end - segment.start;
    used_bytes_[segment.device].fetch_add(used ? bytes : 0 - bytes, std::memory_order_relaxed);
}

// What was there before has been given back since: its addresses are another's now.
void SegmentTable::insert(uint64_t start, uint64_t end) {
    const uint32_t at = first_that_ends_behind(start);
    uint32_t behind = at;
    for (; behind < count_ && segments_[behind].start < end; ++behind)
        if (segments_[behind].tensors > 0) count_use(segments_[behind], false);
    if (behind == at && count_ == capacity_) {
        const uint32_t larger = capacity_ == 0 ? 128 : 2 * capacity_;
        auto* copy = static_cast<Segment*>(map_pages(larger * sizeof(Segment)));
        if (copy == nullptr) return;
        for (uint32_t i = 0; i < count_; ++i) copy[i] = segments_[i];
        replace_pages(segments_, capacity_, copy, larger);
    }
    if (behind == at) {
        for (uint32_t i = count_; i > at; --i) segments_[i] = segments_[i - 1];
        ++count_;
    } else {
        const uint32_t gone = behind - at - 1;
        for (uint32_t i = behind; gone > 0 && i < count_; ++i) segments_[i - gone] = segments_[i];
        count_ -= gone;
    }
    segments_[at] = {start, end, 0, 0};
}

void SegmentTable::refresh() {
    const uint32_t known = last_serial_;
    const uint32_t newest = objects_.last_serial();
    if (newest == known) return;
    last_serial_ = newest;
    objects_.for_each([&](const cuda::Object& object) {
        if (object.serial > known && holds_tensors(object))
            insert(object.key, object.key + object.size);
    });
}

void SegmentTable::add_tensor(uint64_t address, uint64_t size, uint8_t device) {
    const TableLock lock(locked_);
    if (!lock.held()) return;
    refresh();
    for (uint32_t i = first_that_ends_behind(address);
         i < count_ && segments_[i].start < address + size; ++i) {
        if (segments_[i].tensors++ > 0) continue;
        segments_[i].device = device;
        count_use(segments_[i], true);
    }
}

void SegmentTable::remove_tensor(uint64_t address, uint64_t size) {
    const TableLock lock(locked_);
    if (!lock.held()) return;
    for (uint32_t i = first_that_ends_behind(address);
         i < count_ && segments_[i].start < address + size; ++i)
        if (segments_[i].tensors > 0 && --segments_[i].tensors == 0) count_use(segments_[i], false);
}

void SegmentTable::forget() {
    if (segments_ != nullptr) unmap_pages(segments_, capacity_ * sizeof(Segment));
    segments_ = nullptr;
    count_ = capacity_ = last_serial_ = 0;
    for (std::atomic<uint64_t>& bytes : used_bytes_) bytes.store(0, std::memory_order_relaxed);
    locked_.store(false, std::memory_order_relaxed);
}

}  // namespace heapdrift::torch
