// Where the session file's space comes from: always taken before it is written. Most processes are
// small and short, so the header and the first segments, which are mapped with it, have space for
// what is in use only; what lies between is a hole.
#include <errno.h>

#include "preload/error_text.h"
#include "preload/page_memory.h"
#include "preload/session_file.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"

namespace heapdrift {
namespace {

constexpr uint32_t kSegmentBytes = kSegmentSize;
// Identity, control words and the first descriptors of snapshots; and the header's last page.
constexpr uint32_t kHeaderStart = 3 * kPageSize;
constexpr uint32_t kCudaStart = offsetof(Header, cuda);
constexpr uint32_t kSnapshotsAtStart = 8;
static_assert(offsetof(Header, snapshots) + kSnapshotsAtStart * sizeof(SnapshotDescriptor) <=
              kHeaderStart);
static_assert(kCudaStart + sizeof(CudaFigures) <= kSegmentSize);

bool unsupported(long error) {
    return error == -EOPNOTSUPP || error == -ENOSYS;
}

// A signal that waits makes tmpfs give back what it has taken (Linux 6.1 does so, 6.18 no more),
// and where a timer is faster than that it would do so for ever. So after the first try none may
// come.
long call_to_the_end(long number, long a, long b, long c, long d) {
    constexpr int kTries = 100;
    long result = sys::call(number, a, b, c, d);
    if (result != -EINTR) return result;
    const SignalsBlocked blocked;
    for (int i = 0; i < kTries && result == -EINTR; ++i) result = sys::call(number, a, b, c, d);
    return result;
}

}  // namespace

// The program may have closed our descriptor or put a file of its own under its number; then the
// file is opened again by name, if that name still leads to it (it may not, after chroot).
bool SessionFile::reopen() {
    struct stat status {};
    if (fd_ >= 0 && !sys::failed(sys::call(SYS_fstat, fd_, sys::address(&status))) &&
        status.st_dev == device_ && status.st_ino == inode_)
        return true;
    const int fd = sys::open(header_->identity.session_path, O_RDWR | O_NOFOLLOW);
    if (fd < 0) return false;
    if (sys::failed(sys::call(SYS_fstat, fd, sys::address(&status))) || status.st_dev != device_ ||
        status.st_ino != inode_) {
        sys::close(fd);
        return false;
    }
    fd_ = move_high(fd);
    return true;
}

bool SessionFile::may_grow() {
    if (memory_confined()) {
        stop_growing("the program confined itself with seccomp");
        return false;
    }
    if (!reopen()) {
        stop_growing("its descriptor was closed and its name no longer leads to it");
        return false;
    }
    return true;
}

long SessionFile::allocate(uint64_t offset, uint64_t size) const {
    return call_to_the_end(SYS_fallocate, fd_, 0, static_cast<long>(offset),
                           static_cast<long>(size));
}

long SessionFile::reserve(uint64_t offset, uint64_t size) {
    if (sys::limit(RLIMIT_FSIZE) < offset + size) return -EFBIG;
    const long result = allocate(offset, size);
    if (!unsupported(result)) return result;
    static constexpr uint8_t kZeros[kPageSize] = {};
    for (uint64_t at = offset; at < offset + size; at += kPageSize) {
        const long written = call_to_the_end(SYS_pwrite64, fd_, sys::address(kZeros), kPageSize,
                                             static_cast<long>(at));
        if (sys::failed(written)) return written;
        if (written != static_cast<long>(kPageSize)) return -ENOSPC;
    }
    return 0;
}

// All of it where there is no fallocate: zeros cannot be written later, over what is in use.
long SessionFile::reserve_start() {
    for (auto& space : first_space_) space.store(0, std::memory_order_relaxed);
    if (sys::limit(RLIMIT_FSIZE) < kMappedAtStart) return -EFBIG;
    if (const long error = sys::call(SYS_ftruncate, fd_, kMappedAtStart); error != 0) return error;
    long error = allocate(0, kHeaderStart);
    if (unsupported(error)) {
        error = reserve(0, kMappedAtStart);
        for (auto& space : first_space_) space.store(kSegmentBytes, std::memory_order_relaxed);
        return error;
    }
    first_space_[0].store(kHeaderStart, std::memory_order_relaxed);
    return error != 0 ? error : allocate(kCudaStart, kSegmentSize - kCudaStart);
}

bool SessionFile::take_space(uint32_t segment, uint32_t wanted) {
    std::atomic<uint32_t>& space = first_space_[segment];
    uint32_t known = space.load(std::memory_order_relaxed);
    if (full_.load(std::memory_order_relaxed) || !may_grow()) return false;
    // Twice as much each time, so that a program which becomes large comes here a few times.
    uint32_t size = wanted > 2 * known ? wanted : 2 * known;
    size = (size + kPageSize - 1) / kPageSize * kPageSize;
    if (size > kSegmentBytes) size = kSegmentBytes;
    if (size <= known) return true;
    const uint64_t offset = segment * kSegmentSize + known;
    if (const long error = allocate(offset, size - known); error != 0) {
        stop_growing(error_text(error));
        return false;
    }
    const bool first = known == 0;
    // Never back: another thread may have taken more meanwhile.
    while (known < size && !space.compare_exchange_weak(known, size, std::memory_order_relaxed)) {
    }
    if (first) touch_pages(reinterpret_cast<uint8_t*>(header_) + offset, size);
    return true;
}

bool SessionFile::have_space_for_snapshot() {
    const uint32_t taken = epoch_of(header_->control.moment.load(std::memory_order_relaxed)) - 1;
    return taken < kSnapshotsAtStart || have_space(header_, kSegmentSize);
}

// Where there is no fallocate, space is taken by writing zeros: meanwhile nobody may be given a
// segment of the unit. Who wants one maps a unit more.
void SessionFile::reserve_units() {
    for (uint32_t i = 0; i < kFirstSegments; ++i)
        if (first_space_[i].load(std::memory_order_relaxed) < kSegmentSize)
            take_space(i, kSegmentSize);
    const uint32_t first = first_open_unit_.load(std::memory_order_relaxed);
    const uint32_t count = unit_count();
    for (uint32_t i = first; i < count; ++i) {
        Unit& unit = units_[i];
        const uint32_t size = unit.size.load(std::memory_order_acquire);
        if (unit.reserved.load(std::memory_order_relaxed) >= size) continue;
        const uint32_t taken = unit.taken.exchange(size, std::memory_order_relaxed);
        if (taken >= size) continue;
        if (!memory_confined() && reopen() &&
            reserve((uint64_t{unit.first} + taken) * kSegmentSize, (size - taken) * kSegmentSize) ==
                0)
            unit.reserved.store(size, std::memory_order_relaxed);
        unit.taken.store(taken, std::memory_order_relaxed);
    }
    // Others may have passed these units meanwhile.
    first_open_unit_.store(first, std::memory_order_relaxed);
}

}  // namespace heapdrift
