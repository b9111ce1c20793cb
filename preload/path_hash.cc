#include "preload/path_hash.h"

#include <sys/random.h>

#include "preload/syscalls.h"

namespace heapdrift {

void PathHasher::seed() {
    // Any will do where the kernel has no random numbers.
    uint64_t drawn[] = {0x9e37'79b9'7f4a'7c15, 0xbf58'476d'1ce4'e5b9, 0x94d0'49bb'1331'11eb};
    sys::call(SYS_getrandom, sys::address(drawn), sizeof(drawn), GRND_NONBLOCK);
    frame_factor_ = drawn[0] | 1;
    place_factor_ = drawn[1] | 1;
    check_factor_ = drawn[2] | 1;
}

}  // namespace heapdrift
