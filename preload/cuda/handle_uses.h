// What keeps the memory behind a handle: references to it, and its uses, which are mappings to
// addresses, tiles of sparse arrays and bindings to multicast objects. It is given back when it was
// released as often as it was obtained, and no use of it is left.
#pragma once

#include "preload/cuda/object_table.h"

namespace heapdrift::cuda {

inline bool is_live(const Object& handle) {
    return handle.references > 0 || handle.mappings > 0;
}

// Handles that were never in use so far, and those that were released while a use keeps them:
// change is 1 or -1.
void count_unmapped(const Object& handle, int change);
void count_released(const Object& handle, int change);

struct HandleUse {
    ObjectKind kind;  // mapping, tile or binding
    uint64_t place;   // by which it ends
    uint64_t size;
    uint64_t handle;
    uint64_t reaches;     // to this byte of the handle's memory
    uint64_t holder = 0;  // the array or multicast object with which it ends, too
};

// Handles from before we were there have none.
void begin_use(const HandleUse& use);
// Returns its size; 0 where it is not known.
uint64_t end_use(ObjectKind kind, uint64_t place);
// Those that are not newer than `last_serial`, from before the driver was asked: the next holder
// may have the same address at once.
void end_uses_of(uint64_t holder, uint32_t last_serial);

// Of what has no address of its own.
constexpr uint64_t place_in(uint64_t holder, uint64_t part, uint64_t offset) {
    constexpr uint64_t kFactor = 0x9e37'79b9'7f4a'7c15;
    return ((holder * kFactor ^ part) * kFactor ^ offset) * kFactor;
}

}  // namespace heapdrift::cuda
