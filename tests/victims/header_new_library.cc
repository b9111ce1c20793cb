// A library that brings its own operator new: it takes 16 bytes more from malloc, for a header that
// delete looks at, so that no block of its is one of malloc's.
#include <new>

#include "truth.h"

namespace {

constexpr size_t kHeader = 16;
constexpr uint64_t kMagic = 0x6865616465725f31;

void* with_header(size_t size) noexcept {
    char* block = static_cast<char*>(malloc(size + kHeader));
    if (block == nullptr) return nullptr;
    memcpy(block, &kMagic, sizeof kMagic);
    return block + kHeader;
}

void give_back(void* pointer) noexcept {
    if (pointer == nullptr) return;
    char* block = static_cast<char*>(pointer) - kHeader;
    REQUIRE(memcmp(block, &kMagic, sizeof kMagic) == 0);
    free(block);
}

}  // namespace

void* operator new(size_t size) {
    if (void* block = with_header(size)) return block;
    throw std::bad_alloc();
}
void* operator new[](size_t size) {
    return operator new(size);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
    return with_header(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
    return with_header(size);
}
void operator delete(void* pointer) noexcept {
    give_back(pointer);
}
void operator delete(void* pointer, size_t) noexcept {
    give_back(pointer);
}
void operator delete[](void* pointer) noexcept {
    give_back(pointer);
}
void operator delete[](void* pointer, size_t) noexcept {
    give_back(pointer);
}
