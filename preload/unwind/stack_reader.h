// Reads words of stacks during one walk. What is on the thread's own stack, from the innermost
// frame out, is read directly; every other page is probed first, once for each time it is entered.
// Nothing is kept from one walk to the next but the bounds: other stacks come and go.
#pragma once

#include <cstdint>

#include "preload/unwind/memory_probe.h"
#include "preload/unwind/stack_bounds.h"

namespace heapdrift {

class StackReader {
public:
    StackReader(StackBounds& bounds, uint64_t stack_pointer) : bounds_(bounds) {
        if (bounds.covers(stack_pointer)) set_direct(stack_pointer);
    }

    // False where the word is not known to be readable.
    bool read(uint64_t address, uint64_t& word) {
        if (address - direct_low_ >= direct_size_ && !admit_slow(address)) [[unlikely]]
            return false;
        word = load(address);
        return true;
    }

private:
    // Looks at memory that sanitizers guard: frames, with their red zones, of any function.
    [[gnu::no_sanitize("address", "thread", "undefined")]] static uint64_t load(uint64_t address) {
        return *reinterpret_cast<const uint64_t*>(address);
    }

    void set_direct(uint64_t low) {
        direct_low_ = low;
        // A word that begins in the last seven bytes is not in the range.
        direct_size_ = bounds_.top() - low - 7;
    }

    [[gnu::noinline]] bool admit_slow(uint64_t address) {
        if (address % sizeof(uint64_t) != 0) return false;
        const uint64_t page = page_of(address);
        if (address >= probed_begin_ && address < probed_end_) return true;
        if (!page_is_readable(page)) return false;
        if (bounds_.covers(address)) {
            set_direct(page);
        } else if (page == probed_end_) {
            probed_end_ = page + kProbePageSize;
        } else {
            probed_begin_ = page;
            probed_end_ = page + kProbePageSize;
        }
        return true;
    }

    StackBounds& bounds_;
    uint64_t direct_low_ = 0;
    uint64_t direct_size_ = 0;
    uint64_t probed_begin_ = 0;
    uint64_t probed_end_ = 0;
};

}  // namespace heapdrift
