// Where a scan begins: all memory in which the program may keep pointers, outside live blocks.
//
//   modules        writable segments, but not the recorder's own
//   threads        stacks from the stack pointer on, registers, descriptors with thread-local
//                  storage and thread-specific data; not the stacks that libc keeps of ended ones
//   mappings       the program's own, and what the loader and libc map
//   not            the heap between live blocks, where freed blocks keep stale pointers; the
//                  recorder's own memory; devices
#pragma once

#include <cstdint>

#include "preload/scan/context.h"
#include "preload/scan/marking.h"
#include "preload/scan/memory_map.h"

namespace heapdrift::scan {

struct Range {
    uint64_t start;
    uint64_t end;
};

class Roots {
public:
    Roots(const Context& context, MemoryMap& map, BlockIndex& index, const DriverMemory& driver,
          Marking& marking, bool gaps)
        : context_(context),
          map_(map),
          index_(index),
          driver_(driver),
          marking_(marking),
          gaps_(gaps) {}

    // False without memory.
    bool search();
    uint64_t skipped_bytes() const { return skipped_bytes_; }

private:
    // A thread's descriptor, which names itself, at the top of its stack.
    struct Descriptor {
        uint64_t address;
        bool live;
        bool known;   // sp is
        bool joined;  // or detached and ended: nobody will ask for anything in it
        uint64_t sp;
    };

    bool exclude_own_memory();
    bool find_descriptors(const Mapping& mapping);
    Descriptor describe(uint64_t address) const;
    bool cut_stacks(const Mapping& mapping);
    bool cut_arenas(const Mapping& mapping);
    void search_anonymous(const Mapping& mapping);
    void search_program_mappings(const Mapping& mapping);
    void search_process_stack(const Mapping& mapping);
    void search_shared(uint64_t start, uint64_t end);
    void search_file(const Mapping& mapping);
    void search_outside_blocks(uint64_t start, uint64_t end, Place place);
    void search_copied(uint64_t start, uint64_t end, Place place);
    void search_part(uint64_t start, uint64_t end, Place place);
    bool has_blocks(const Mapping& mapping) const;
    bool is_libc(const Mapping& mapping) const;

    const Context& context_;
    MemoryMap& map_;
    BlockIndex& index_;
    const DriverMemory& driver_;
    Marking& marking_;
    bool gaps_;
    Array<Range> excluded_;      // ascending
    Array<Range> cut_;           // of the mapping at hand, ascending
    Array<Descriptor> threads_;  // in the mapping at hand
    uint64_t skipped_bytes_ = 0;
    void* copy_ = nullptr;
};

}  // namespace heapdrift::scan
