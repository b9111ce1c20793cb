// What a descendant does before it has a session. Most of a shell's children allocate once or twice
// and then end or execute another program, and small tools allocate ten times: a file made for that
// would be dropped again. So where a file is dropped if its process remains small, the first few
// operations are kept aside, and recording begins, with these, when there are more, or anything
// else is to be recorded.
//
// They lie in the page of the process's state, which a fork wipes, and are of the only thread that
// there is: in a process with a second one recording begins.
#pragma once

#include <cstdint>

#include "preload/unwind/stack_walk.h"

namespace heapdrift {

struct ThreadState;
enum class Origin : uint8_t;

// All zero at first.
class FirstOperations {
public:
    // False: there is no room for it, or it is nothing to be kept aside.
    bool keep_allocation(uint64_t address, uint64_t size, const StartState& caller, Origin origin);
    bool keep_deallocation(uint64_t address);

    // The one that was kept last, of a block that stays after all.
    void take_deallocation_back(uint64_t address);

    bool any() const { return used_ > 0 || unknown_deallocations_ > 0; }
    // Nothing more is kept aside.
    void end() { over_ = true; }
    bool over() const { return over_; }

    // Whose operations they are: by this a vfork child is noticed, which shares the page.
    uint32_t owner() const { return owner_; }
    void set_owner(uint32_t pid) { owner_ = pid; }

    // Once recording has begun: counts them, in their order, as this thread's.
    void enter(ThreadState& state);

private:
    struct Entry {
        uint64_t address;
        uint64_t size;
        uint32_t frames;  // of an allocation: their addresses follow, innermost first
        StackEnd end;
        bool deallocation;
        Origin origin;
    };
    static constexpr uint32_t kWords = 470;
    static constexpr uint32_t kEntryWords = sizeof(Entry) / sizeof(uint64_t);

    // A module that a kept stack leads through. Its end is noticed by the loader freeing its
    // link_map, as in ModuleList: recording then begins while nothing else is at its place.
    struct Module {
        uint64_t start;
        uint64_t end;
        uint64_t link_map;
    };
    static constexpr uint32_t kModules = 8;

    bool note_module(uint64_t address);
    Entry& entry_at(uint32_t word) { return *reinterpret_cast<Entry*>(words_ + word); }
    bool is_live(uint64_t address);

    bool over_;
    uint32_t owner_;
    uint32_t used_;  // words
    uint64_t allocated_bytes_;
    uint64_t unknown_deallocations_;
    uint32_t module_count_;
    Module modules_[kModules];
    uint64_t words_[kWords];
};

}  // namespace heapdrift
