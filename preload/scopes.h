// What a program says of its allocations while it makes them (heapdrift.h): that they are not to be
// reported, or that it will ask which of them are still live.
//
// Each scope has call stacks, and so sites, of its own. An allocation costs nothing more for it,
// and whoever frees a block counts it where it belongs: what is live of a scope is the sum over its
// sites.
//
// A mark is given a scope without live blocks, and its number is free again when it is ended and
// none are left: a thousand tests that leave nothing behind share one set of sites.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/session_format.h"
#include "preload/heapdrift.h"

namespace heapdrift {

class ScopeTable {
public:
    // How a mark knows its scope again: number 0 where there was none to be had.
    struct Ticket {
        uint32_t number = 0;
        uint32_t serial = 0;
    };
    struct Growth {
        uint64_t allocations = 0;
        uint64_t bytes = 0;
        uint64_t sites = 0;
        bool known = false;
    };

    // Of the calling thread, which is recording. The new mark is inside the one that is open.
    Ticket begin();
    // Ends the mark, and those inside it. Only where this thread began it.
    void end(const Ticket& ticket);

    // What was allocated between begin and now by the thread that began it, marks inside included,
    // and is still live. The sites with most bytes come first, at most `capacity` of them. Not
    // known without memory to count in, and of a mark that was ended.
    Growth growth(const Ticket& ticket, heapdrift_site* greatest, size_t capacity) const;

    void note_ignored() { any_ignored_.store(true, std::memory_order_relaxed); }
    bool any_ignored() const { return any_ignored_.load(std::memory_order_relaxed); }

    // In a fork child: the parent's marks are none of ours.
    void forget();

private:
    enum class State : uint32_t {
        free = 0,
        open = 1,
        left = 2,  // ended, but blocks were live then
    };
    struct Entry {
        std::atomic<State> state;
        std::atomic<uint32_t> serial;
        std::atomic<uint32_t> outer;
        std::atomic<const void*> owner;  // the thread that began it
    };

    // Live blocks of every scope.
    struct Counts {
        uint64_t of[kIgnoredScope + 1] = {};
    };

    static Counts count_live();
    bool take(uint32_t number, State expected);
    bool is_current(const Ticket& ticket) const;
    bool is_inside(uint32_t number, uint32_t outer) const;
    bool is_empty(uint32_t number, const Counts& live) const;
    void close(uint32_t number);

    Entry entries_[kIgnoredScope] = {};  // by number; 0 is none
    std::atomic<bool> any_ignored_{false};
};

}  // namespace heapdrift
