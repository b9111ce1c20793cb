#include "preload/cuda/object_table.h"

#include "preload/page_memory.h"

namespace heapdrift::cuda {

uint32_t ObjectTable::home_of(ObjectKind kind, uint64_t key) const {
    const uint64_t mixed = (key ^ static_cast<uint64_t>(kind) << 56) * 0x9e37'79b9'7f4a'7c15;
    return static_cast<uint32_t>(mixed >> 32) & (capacity_ - 1);
}

uint32_t ObjectTable::find(ObjectKind kind, uint64_t key) const {
    uint32_t at = home_of(kind, key);
    while (objects_[at].exists() && (objects_[at].kind != kind || objects_[at].key != key))
        at = (at + 1) & (capacity_ - 1);
    return at;
}

bool ObjectTable::grow() {
    const uint32_t larger = capacity_ == 0 ? 512 : 2 * capacity_;
    auto* place = static_cast<Object*>(map_pages(larger * sizeof(Object)));
    if (place == nullptr) return false;
    Object* before = objects_;
    const uint32_t capacity_before = capacity_;
    objects_ = place;
    capacity_ = larger;
    ++moves_;
    for (uint32_t i = 0; i < capacity_before; ++i)
        if (before[i].exists()) objects_[find(before[i].kind, before[i].key)] = before[i];
    if (before != nullptr) unmap_pages(before, capacity_before * sizeof(Object));
    return true;
}

// What stands behind moves up where it may, so that no gap is left in front of an object's place.
void ObjectTable::erase_at(uint32_t at) {
    const uint32_t mask = capacity_ - 1;
    uint32_t hole = at;
    for (uint32_t next = (at + 1) & mask; objects_[next].exists(); next = (next + 1) & mask) {
        const uint32_t home = home_of(objects_[next].kind, objects_[next].key);
        if (((next - home) & mask) < ((next - hole) & mask)) continue;
        objects_[hole] = objects_[next];
        hole = next;
    }
    objects_[hole] = Object{};
    --count_;
    ++moves_;
}

bool ObjectTable::add(Object object, Object& replaced) {
    const TableLock lock(locked_);
    if (!lock.held() || (2 * (count_ + 1) > capacity_ && !grow())) return false;
    object.serial = serial_.fetch_add(1, std::memory_order_relaxed) + 1;
    const uint32_t at = find(object.kind, object.key);
    replaced = objects_[at];
    if (!replaced.exists()) ++count_;
    objects_[at] = object;
    return true;
}

Object ObjectTable::take(ObjectKind kind, uint64_t key) {
    return change(kind, key, [](const Object&) { return false; });
}

bool ObjectTable::hold() {
    return TableLock::hold(locked_);
}

void ObjectTable::release() {
    TableLock::release(locked_);
}

void ObjectTable::forget() {
    if (objects_ != nullptr) unmap_pages(objects_, capacity_ * sizeof(Object));
    objects_ = nullptr;
    capacity_ = count_ = 0;
    serial_.store(0, std::memory_order_relaxed);
    locked_.store(false, std::memory_order_relaxed);
}

}  // namespace heapdrift::cuda
