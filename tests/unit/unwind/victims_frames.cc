#include <alloca.h>

#include <cstdint>

#include "tests/unit/unwind/victims.h"

namespace heapdrift::victims {
namespace {

// Keeps the compiler from proving that a buffer is unused or a call a tail call.
void use(volatile void* pointer) {
    asm volatile("" : : "r"(pointer) : "memory");
}
void keep_frame() {
    asm volatile("" ::: "memory");
}

}  // namespace

[[gnu::noinline]] void recurse(int depth, Callback then) {
    if (depth == 0)
        then();
    else
        recurse(depth - 1, then);
    keep_frame();
}

[[gnu::noinline]] void with_alloca(int depth, Callback then) {
    use(alloca(static_cast<unsigned>(16 + depth * 24)));
    if (depth == 0)
        then();
    else
        with_alloca(depth - 1, then);
    keep_frame();
}

[[gnu::noinline]] void with_variable_array(int depth, Callback then) {
    char* array = static_cast<char*>(alloca(static_cast<unsigned>(depth % 7 + 1)));
    array[0] = static_cast<char>(depth);
    use(array);
    if (depth == 0)
        then();
    else
        with_variable_array(depth - 1, then);
    use(array);
}

[[gnu::noinline]] void with_large_frame(int depth, Callback then) {
    volatile char buffer[100'000];
    buffer[0] = static_cast<char>(depth);
    use(buffer);
    if (depth == 0)
        then();
    else
        with_large_frame(depth - 1, then);
    use(buffer);
}

// More values live across the calls than there are registers: rbp is one of them.
[[gnu::noinline]] int with_register_pressure(int seed, Callback then) {
    int a = seed * 3, b = seed * 5, c = seed * 7, d = seed * 11, e = seed * 13, f = seed * 17;
    int g = seed * 19, h = seed * 23;
    asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
    if (seed <= 0)
        then();
    else
        g += with_register_pressure(seed - 1, then);
    asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}

namespace {
[[gnu::noinline]] void tail_odd(int depth, Callback then);

[[gnu::noinline]] void tail_even(int depth, Callback then) {
    if (depth == 0) return then();
    return tail_odd(depth - 1, then);
}

[[gnu::noinline]] void tail_odd(int depth, Callback then) {
    if (depth == 0) return then();
    return tail_even(depth - 1, then);
}
}  // namespace

[[gnu::noinline]] void through_tail_calls(int depth, Callback then) {
    tail_even(depth, then);
    keep_frame();
}

[[gnu::noinline]] void with_aligned_local(int depth, Callback then) {
    alignas(128) volatile char buffer[256];
    buffer[0] = static_cast<char>(depth);
    use(buffer);
    if (depth == 0)
        then();
    else
        with_aligned_local(depth - 1, then);
    use(buffer);
}

}  // namespace heapdrift::victims
