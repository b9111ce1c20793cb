// For other allocators, linked or preloaded: all of malloc's family and operator new, blocks that
// cross from one interface to the other as each allocator allows, all contents checked.
#include <malloc.h>

#include <new>
#include <thread>
#include <vector>

#include "truth.h"

namespace {

struct Block {
    unsigned char* data;
    size_t size;
    unsigned char fill;
};

void require_filled(const Block& block) {
    for (size_t i = 0; i < block.size; ++i) REQUIRE(block.data[i] == block.fill);
}

void fill(Block& block, unsigned char value) {
    block.fill = value;
    memset(block.data, value, block.size);
}

}  // namespace

MARKER void* plain_blocks_body(size_t seed) {
    std::vector<Block> blocks(400);
    for (size_t round = 0; round < 20; ++round) {
        for (size_t i = 0; i < blocks.size(); ++i) {
            Block& block = blocks[i];
            if (block.data != nullptr) require_filled(block);
            const size_t size = (i * 7 + round * 13 + seed) % 90 + 1;
            const size_t kind = (i + round) % 4;
            if (kind == 0) {
                block.data = static_cast<unsigned char*>(realloc(block.data, size));
            } else {
                free(block.data);
                if (kind == 1) block.data = static_cast<unsigned char*>(malloc(size));
                if (kind == 2) block.data = static_cast<unsigned char*>(calloc(1, size));
                if (kind == 3) block.data = static_cast<unsigned char*>(memalign(32, size));
            }
            REQUIRE(block.data != nullptr);
            block.size = size;
            fill(block, static_cast<unsigned char>(i + round));
        }
    }
    for (const Block& block : blocks) {
        require_filled(block);
        free(block.data);
    }
    return nullptr;
}

// Sized deletes of every small size, with the neighbours checked: a size that was rounded up in
// one place and not in the other ends up in the wrong class.
MARKER void sized_operators_64x40() {
    int64_t bytes = 0;
    std::vector<Block> blocks;
    blocks.reserve(64 * 40);
    for (size_t size = 1; size <= 64; ++size) {
        for (unsigned char i = 0; i < 40; ++i) {
            Block block{static_cast<unsigned char*>(operator new(size)), size, 0};
            fill(block, static_cast<unsigned char>(size * 3 + i));
            blocks.push_back(block);
            bytes += static_cast<int64_t>(size);
        }
    }
    for (size_t i = 0; i < blocks.size(); i += 2) operator delete(blocks[i].data, blocks[i].size);
    for (size_t i = 0; i < blocks.size(); i += 2) {
        blocks[i].data = static_cast<unsigned char*>(operator new(blocks[i].size));
        fill(blocks[i], 0xa5);
        bytes += static_cast<int64_t>(blocks[i].size);
    }
    for (const Block& block : blocks) {
        require_filled(block);
        operator delete(block.data, block.size);
    }
    // The vector's own block is among them.
    const auto vector_bytes = static_cast<int64_t>(sizeof(Block) * 64 * 40);
    expect_through("sized_operators_64x40", 64 * 40 * 3 / 2 + 1, bytes + vector_bytes,
                   64 * 40 * 3 / 2 + 1, 0);
}

MARKER void new_25x48() {
    for (int i = 0; i < 25; ++i) keep(operator new(48));
    expect_through("new_25x48", 25, 1200, 0, 1200);
}

MARKER void malloc_25x48() {
    for (int i = 0; i < 25; ++i) keep(malloc(48));
    expect("malloc_25x48", 25, 1200, 0, 1200);
}

MARKER void new_aligned_8x256() {
    for (int i = 0; i < 8; ++i) {
        void* block = operator new (256, std::align_val_t{128});
        REQUIRE(reinterpret_cast<uintptr_t>(block) % 128 == 0);
        if (i % 2 == 0) operator delete (block, 256, std::align_val_t{128});
    }
    expect_through("new_aligned_8x256", 8, 2048, 4, 1024);
}

MARKER void malloc_large_3x5_mb() {
    for (int i = 0; i < 3; ++i) {
        auto* block = static_cast<char*>(malloc(5 << 20));
        block[0] = block[(5 << 20) - 1] = 1;
        if (i > 0) free(block);
    }
    expect("malloc_large_3x5_mb", 3, 15 << 20, 2, 5 << 20);
}

MARKER void failing_new() {
    try {
        keep(operator new(hidden_size(PTRDIFF_MAX)));
        REQUIRE(false);
    } catch (const std::bad_alloc&) {
    }
    REQUIRE(keep(malloc(hidden_size(PTRDIFF_MAX))) == nullptr);
}

// With an argument, for an allocator that aborts where it should throw, nothing fails.
int main(int argc, char**) {
    sized_operators_64x40();
    new_25x48();
    malloc_25x48();
    new_aligned_8x256();
    malloc_large_3x5_mb();
    if (argc == 1) failing_new();
    std::vector<std::thread> threads;
    for (size_t i = 0; i < 4; ++i) threads.emplace_back(plain_blocks_body, i);
    for (std::thread& thread : threads) thread.join();
    expect_through("plain_blocks_body", kSome, kSome, kSome, 0);
    tell_truth();
    return 0;
}
