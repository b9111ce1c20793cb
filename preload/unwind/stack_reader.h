// Reads words of stacks during one walk, inside a window that is known to be readable. The window
// begins as the thread's own stack, from the innermost frame out. Where a walk leaves it, on a
// coroutine's or a signal's stack, every page is probed before the window is moved or grown over
// it. Nothing is kept from one walk to the next: other stacks come and go.
#pragma once

#include <cstdint>

#include "preload/unwind/memory_probe.h"
#include "preload/unwind/stack_bounds.h"

namespace heapdrift {

// A word of a stack, and what it held.
struct StackWord {
    uint64_t slot;
    uint64_t address;
};

class StackReader {
public:
    StackReader(StackBounds& bounds, uint64_t stack_pointer) : bounds_(bounds) {
        if (bounds.covers(stack_pointer)) set_window(stack_pointer, bounds.top());
    }

    // The part of the window in which a word can begin. For loops that keep it in registers.
    struct Window {
        uint64_t low;
        uint64_t size;
        bool contains(uint64_t address) const { return address - low < size; }
    };
    Window window() const { return window_; }

    // False where the word is not known to be readable.
    bool read(uint64_t address, uint64_t& word) {
        if (!window_.contains(address) && !admit_slow(address)) return false;
        word = load(address);
        return true;
    }

    // Only in the window. Sanitizers guard some of what lies there: red zones of other frames.
    __attribute__((no_sanitize("address", "thread", "undefined"))) static uint64_t load(
        uint64_t address) {
        return *reinterpret_cast<const uint64_t*>(address);
    }

    // Whether a word on the thread's own stack is still what it was.
    static bool holds(const StackWord& word) { return load(word.slot) == word.address; }

private:
    void set_window(uint64_t low, uint64_t end) {
        end_ = end;
        window_ = {low, end - low - (sizeof(uint64_t) - 1)};
    }

    [[gnu::noinline]] bool admit_slow(uint64_t address) {
        // No stack has words there, and such a word could reach into the next page.
        if (address % sizeof(uint64_t) != 0) return false;
        const uint64_t page = page_of(address);
        if (!page_is_readable(page)) return false;
        if (bounds_.covers(address))
            set_window(page, bounds_.top());
        else if (window_.size != 0 && page == end_)
            set_window(window_.low, page + kProbePageSize);
        else
            set_window(page, page + kProbePageSize);
        return true;
    }

    StackBounds& bounds_;
    Window window_{0, 0};
    uint64_t end_ = 0;
};

}  // namespace heapdrift
