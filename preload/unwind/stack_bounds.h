// The part of the calling thread's own stack that may be read without asking the kernel.
//
// Everything between the stack pointer and the top of the stack it points into is mapped. The
// question is which stack that is: code also runs on coroutine stacks, alternate signal stacks and
// segments of split stacks, which may end anywhere and vanish at any time. Two tops are known: the
// process's stack ends at __libc_stack_end, and glibc puts a thread's descriptor, which the thread
// pointer names, at the top of its stack, the program's own stacks (pthread_attr_setstack)
// included.
//
// One of them belongs to each thread, in its own memory; zero is its first state. It is valid for
// the thread that asked first: to be made zero again before it is handed to another.
#pragma once

#include <cstdint>

namespace heapdrift {

class StackBounds {
public:
    // Whether [address, top()) may be read directly. The page of `address` is known to be mapped:
    // the stack pointer is in it, or it was probed.
    bool covers(uint64_t address) {
        if (address - low_ < top_ - low_) [[likely]]
            return true;
        return extend_slow(address);
    }

    uint64_t top() const { return top_; }

    static uint64_t thread_pointer() {
        uint64_t pointer;
        asm("movq %%fs:0, %0" : "=r"(pointer));
        return pointer;
    }

private:
    void bind();
    bool extend_slow(uint64_t address);

    uint64_t low_ = 0;  // everything from here to top_ is this stack, and mapped where it is in use
    uint64_t top_ = 0;
    bool bottom_found_ = false;  // nothing below low_ belongs to it
};

}  // namespace heapdrift
