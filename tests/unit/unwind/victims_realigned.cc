#include <alloca.h>

#include "tests/unit/unwind/victims.h"

namespace heapdrift::victims {

[[gnu::noinline]] void recurse_realigned(int depth, Callback then) {
    alignas(64) volatile int value[16];
    value[0] = depth;
    if (depth == 0)
        then();
    else
        recurse_realigned(depth - 1, then);
    value[1] = value[0];
}

// Both at once: a frame of unknown size, aligned more than the ABI says.
[[gnu::noinline]] void with_alloca_realigned(int depth, Callback then) {
    alignas(64) volatile int value[16];
    auto* buffer = static_cast<volatile char*>(alloca(static_cast<unsigned>(8 + depth * 40)));
    buffer[0] = static_cast<char>(depth);
    value[0] = buffer[0];
    if (depth == 0)
        then();
    else
        with_alloca_realigned(depth - 1, then);
    value[1] = value[0] + buffer[0];
}

}  // namespace heapdrift::victims
