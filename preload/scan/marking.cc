#include "preload/scan/marking.h"

#include "preload/scan/glibc_heap.h"
#include "preload/scan/word.h"
#include "preload/syscalls.h"
#include "preload/vdso_clock.h"

namespace heapdrift::scan {
namespace {

constexpr uint64_t kWord = sizeof(uint64_t);
// A smaller block that is in part unreadable would share the page with others.
constexpr uint64_t kSmallestPatchy = 4096;
// Between two looks at the clock.
constexpr uint64_t kPiece = 1 << 20;

}  // namespace

bool Patience::ended() const {
    return monotonic_ns() > deadline_ns || static_cast<uint32_t>(sys::call(SYS_getppid)) != parent;
}

template <typename Hit>
void Marking::search(uint64_t start, uint64_t end, Hit hit) {
    start = (start + kWord - 1) & ~(kWord - 1);
    end &= ~(kWord - 1);
    if (start >= end) return;
    const Mark following = following_;
    const bool follows = following != Mark::none && devices_.objects().count() != 0;
    present_.for_each(start, end, [&](uint64_t from, uint64_t to) {
        while (from < to && !failed_) {
            const uint64_t end_of_piece = to - from < kPiece ? to : from + kPiece;
            searched_bytes_ += end_of_piece - from;
            for (; from < end_of_piece; from += kWord) {
                const uint64_t word = word_at(from);
                const uint32_t number = index_.find(word);
                if (number != BlockIndex::kNone) hit(number, word);
                if (follows) devices_.follow(word, following);
            }
            if (searched_bytes_ - looked_bytes_ < kPiece) continue;
            looked_bytes_ = searched_bytes_;
            failed_ = patience_.ended();
        }
    });
}

// mark: that of what the blocks lead to of the driver's.
template <typename Hit>
void Marking::search_pending(Mark mark, Hit hit) {
    while (pending_.count() != 0 && !failed_) {
        const Block& block = index_.blocks()[pending_.take_last()];
        following_ = driver_.has_blocks_of(block.site()) ? Mark::none : mark;
        if (block.size() < kSmallestPatchy || !index_.is_patchy(block))
            search(block.start(), block.end(), hit);
        else
            map_.for_each_readable(block.start(), block.end(),
                                   [&](uint64_t from, uint64_t to) { search(from, to, hit); });
    }
}

void Marking::raise(uint32_t number, Mark mark) {
    index_.blocks()[number].set_mark(mark);
    pending_.add(number);
}

// Interior pointers that are all that good programs keep of a block.
bool Marking::is_natural(const Block& block, uint64_t word) {
    const uint64_t offset = word - block.start();
    if (offset >= block.size() || offset % kWord != 0) return false;
    // The number of elements before an array of C++ objects with destructors; a length (sqlite).
    const uint64_t first = word_at(block.start());
    if (offset == kWord && first != 0 && first <= block.size() - kWord &&
        (block.size() - kWord) % first == 0)
        return true;
    // Length, capacity and count of references before a std::string of the old kind.
    constexpr uint64_t kStringHead = 3 * kWord;
    if (offset == kStringHead && first <= word_at(block.start() + kWord) &&
        block.size() == kStringHead + 1 + word_at(block.start() + kWord))
        return true;
    // A second base class: tables of virtual functions at the beginning and here.
    if (offset + kWord > block.size()) return false;
    const auto is_table = [this](uint64_t table) {
        const Mapping* mapping = table % kWord == 0 ? map_.find(table) : nullptr;
        return mapping != nullptr && mapping->kind == Mapping::Kind::file && mapping->readable &&
               !mapping->writable;
    };
    return is_table(first) && is_table(word_at(word));
}

void Marking::hit_from_root(uint64_t word, Place place) {
    const uint32_t number = index_.find(word);
    if (number == BlockIndex::kNone) return;
    Block& block = index_.blocks()[number];
    if (block.mark() == Mark::reachable) return;
    if (word == block.start()) return raise(number, Mark::reachable);
    if (place == Place::allocator && word == next_chunk_header(block.start())) return;
    if ((place == Place::descriptor && word != block.end()) || is_natural(block, word))
        return raise(number, Mark::reachable);
    if (block.mark() == Mark::seed) return;
    block.set_mark(Mark::seed);
    seeds_.add(number);
}

void Marking::search_root(uint64_t start, uint64_t end, Place place, bool of_driver) {
    const uint64_t before = searched_bytes_;
    following_ = of_driver ? Mark::none : Mark::reachable;
    search(start, end, [&](uint32_t, uint64_t word) { hit_from_root(word, place); });
    root_bytes_ += searched_bytes_ - before;
    search_pending(Mark::reachable,
                   [this](uint32_t, uint64_t word) { hit_from_root(word, Place::ordinary); });
}

void Marking::reach(uint64_t address) {
    const uint32_t number = index_.find(address);
    if (number == BlockIndex::kNone || index_.blocks()[number].mark() == Mark::reachable) return;
    raise(number, Mark::reachable);
    search_pending(Mark::reachable,
                   [this](uint32_t, uint64_t word) { hit_from_root(word, Place::ordinary); });
}

void Marking::sort_out_the_rest() {
    Array<Block>& blocks = index_.blocks();
    const auto hit_possible = [&](uint32_t number, uint64_t) {
        const Mark mark = blocks[number].mark();
        if (mark == Mark::none || mark == Mark::seed) raise(number, Mark::possible);
    };
    for (const uint32_t seed : seeds_) {
        if (blocks[seed].mark() != Mark::seed) continue;
        raise(seed, Mark::possible);
        search_pending(Mark::possible, hit_possible);
    }
    for (uint32_t leader = 0; leader < blocks.count() && !failed_; ++leader) {
        if (blocks[leader].mark() != Mark::none) continue;
        raise(leader, Mark::direct);
        search_pending(Mark::indirect, [&](uint32_t number, uint64_t) {
            const Mark mark = blocks[number].mark();
            if (mark == Mark::none)
                raise(number, Mark::indirect);
            else if (mark == Mark::direct && number != leader)
                blocks[number].set_mark(Mark::indirect);
        });
    }
    devices_.settle();
}

}  // namespace heapdrift::scan
