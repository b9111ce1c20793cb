// Which live blocks a chain of pointers leads to, in memcheck's terms.
//
// From the roots, pointers to the beginnings of blocks make blocks reachable, and so on from these.
// What only pointers into the middle lead to, or to the end, is possibly lost, with all that it
// leads to, but for pointers that C++ and common idioms make (see is_natural). All else is lost:
// directly, or indirectly where another lost block leads to it; of a circle one is direct.
#pragma once

#include <cstdint>

#include "preload/scan/block_index.h"
#include "preload/scan/device_objects.h"
#include "preload/scan/driver_memory.h"

namespace heapdrift::scan {

// What words mean in the place where they were found.
enum class Place : uint8_t {
    ordinary,
    // libc's own data, or memory between blocks: lists of free chunks name the ends of blocks.
    allocator,
    // A thread's descriptor: libc points into the middle of what it allocates for threads.
    descriptor,
};

// When there is no use in going on.
struct Patience {
    uint64_t deadline_ns;  // by the clock
    uint32_t parent;       // the process that is waiting for the result
    bool ended() const;
};

class Marking {
public:
    Marking(BlockIndex& index, MemoryMap& map, DeviceObjects& devices, const DriverMemory& driver,
            const Patience& patience)
        : index_(index), map_(map), devices_(devices), driver_(driver), patience_(patience) {}

    // Searches words of a root, and all that they lead to. of_driver: it is memory of CUDA's
    // driver.
    void search_root(uint64_t start, uint64_t end, Place place, bool of_driver = false);
    // Makes the block that holds an address reachable, wherever the address lies in it.
    void reach(uint64_t address);
    // When all roots were searched: what they did not reach.
    void sort_out_the_rest();

    // Out of memory, or it is too late: marks mean nothing.
    bool failed() const { return failed_ || pending_.failed() || seeds_.failed(); }
    uint64_t root_bytes() const { return root_bytes_; }
    uint64_t block_bytes() const { return searched_bytes_ - root_bytes_; }
    uint64_t bytes() const { return pending_.bytes() + seeds_.bytes(); }

private:
    template <typename Hit>
    void search(uint64_t start, uint64_t end, Hit hit);
    template <typename Hit>
    void search_pending(Mark mark, Hit hit);
    void hit_from_root(uint64_t word, Place place);
    void raise(uint32_t number, Mark mark);
    bool is_natural(const Block& block, uint64_t word);

    BlockIndex& index_;
    MemoryMap& map_;
    DeviceObjects& devices_;
    const DriverMemory& driver_;
    // What is found now of the driver's objects is marked so; none: they are not looked at.
    Mark following_ = Mark::none;
    PresentPages present_;
    Array<uint32_t> pending_;
    Array<uint32_t> seeds_;  // blocks that an interior pointer leads to
    Patience patience_;
    uint64_t looked_bytes_ = 0;  // how much had been searched at the last look at the clock
    uint64_t root_bytes_ = 0;
    uint64_t searched_bytes_ = 0;  // in all
    bool failed_ = false;
};

}  // namespace heapdrift::scan
