#include "preload/page_memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace heapdrift {
namespace {

constexpr size_t kSize = 1 << 16;

// Nothing but the kernel orders the two threads, so this is for ThreadSanitizer to judge.
TEST(PageMemory, WhatOneThreadGaveBackIsNewMemoryToTheNext) {
    std::atomic<uintptr_t> given_back{0};
    std::thread first([&] {
        auto* pages = static_cast<uint64_t*>(map_pages(kSize));
        ASSERT_NE(pages, nullptr);
        pages[0] = 1;
        unmap_pages(pages, kSize);
        given_back.store(reinterpret_cast<uintptr_t>(pages), std::memory_order_relaxed);
    });
    std::thread second([&] {
        uintptr_t place = 0;
        while ((place = given_back.load(std::memory_order_relaxed)) == 0) std::this_thread::yield();
        auto* pages = static_cast<uint64_t*>(map_pages(kSize));
        ASSERT_NE(pages, nullptr);
        EXPECT_EQ(pages[0], 0u);
        pages[0] = 2;
        unmap_pages(pages, kSize);
    });
    first.join();
    second.join();
}

}  // namespace
}  // namespace heapdrift
