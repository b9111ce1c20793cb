#include "preload/path_hash.h"

#include <sys/random.h>

#include "preload/syscalls.h"

namespace heapdrift {

void PathHasher::seed() {
    uint64_t drawn[3];
    if (sys::call(SYS_getrandom, sys::address(drawn), sizeof(drawn), GRND_NONBLOCK) !=
        static_cast<long>(sizeof(drawn)))
        return;
    frame_factor_ = drawn[0] | 1;
    place_factor_ = drawn[1] | 1;
    check_factor_ = drawn[2] | 1;
}

}  // namespace heapdrift
