// The executable brings its own operator new: one form over malloc, seen through it, and one
// over a pool in .bss, whose blocks no allocator knows and which must be left alone.
#include <new>

#include "truth.h"

namespace {

alignas(16) char pool[1 << 16];
size_t pool_used;

bool from_pool(void* pointer) {
    return pointer >= static_cast<void*>(pool) && pointer < static_cast<void*>(pool + sizeof pool);
}

}  // namespace

void* operator new(size_t size) {
    if (void* block = malloc(size)) return block;
    throw std::bad_alloc();
}

void* operator new[](size_t size) {
    REQUIRE(pool_used + size <= sizeof pool);
    void* block = pool + pool_used;
    pool_used += (size + 15) & ~size_t{15};
    return block;
}

void operator delete(void* block) noexcept {
    free(block);
}
void operator delete(void* block, size_t) noexcept {
    free(block);
}
void operator delete[](void* block) noexcept {
    REQUIRE(from_pool(block));
}
void operator delete[](void* block, size_t) noexcept {
    REQUIRE(from_pool(block));
}

MARKER void replaced_new_9x56() {
    struct FiftySix {
        char bytes[56];
    };
    for (int i = 0; i < 9; ++i) keep(new FiftySix);
    delete static_cast<FiftySix*>(keep(new FiftySix));
    expect_from("heap", "operator new(unsigned long)", "replaced_new_9x56", 10, 560, 1, 504);
}

MARKER void pool_new_20x100() {
    for (int i = 0; i < 20; ++i) keep(new char[100]);
    delete[] static_cast<char*>(keep(new char[100]));
    expect("pool_new_20x100", 0, 0, 0, 0);
}

int main() {
    replaced_new_9x56();
    pool_new_20x100();
    tell_truth();
    return 0;
}
