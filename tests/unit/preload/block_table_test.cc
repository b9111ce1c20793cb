#include "preload/block_table.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace heapdrift {
namespace {

class BlockTableTest : public testing::TestWithParam<uint64_t> {
protected:
    BlockTableTest() { table_->set_spacing(GetParam()); }

    BlockRecord put(uint64_t address, uint32_t site, uint64_t size, uint32_t generation = 0) {
        const BlockTable::Put put = table_->put(address, {SiteId{site}, generation, size, false});
        EXPECT_TRUE(put.done);
        return put.replaced;
    }
    BlockRecord take(uint64_t address) { return table_->take(address); }

    std::unique_ptr<BlockTable> table_ = std::make_unique<BlockTable>();
};

INSTANTIATE_TEST_SUITE_P(Spacing, BlockTableTest, testing::Values(16, 32));

void expect_record(const BlockRecord& record, uint32_t site, uint64_t size, uint32_t generation) {
    EXPECT_EQ(raw(record.site), site);
    EXPECT_EQ(record.size, size);
    EXPECT_EQ(record.generation, generation);
}

TEST_P(BlockTableTest, GivesBackEverySizeSiteAndGenerationAtEveryOffset) {
    const uint64_t sizes[] = {0,
                              1,
                              15,
                              16,
                              47,
                              48,
                              63,
                              64,
                              65,
                              4096,
                              (1u << 20) - 1,
                              1u << 20,
                              (1u << 20) + 1,
                              uint64_t{5} << 32,
                              (uint64_t{1} << 47) - 4096};
    const uint32_t sites[] = {1, 32767, 32768, (1u << 26) - 1};
    for (uint64_t base : {uint64_t{0x1000}, uint64_t{0x7ffff7a00000}, (uint64_t{1} << 23) - 32})
        for (uint64_t offset : {0, 16})
            for (uint64_t size : sizes)
                for (uint32_t site : sites)
                    for (uint32_t generation : {0u, 1u, 1023u}) {
                        put(base + offset, site, size, generation);
                        expect_record(take(base + offset), site, size, generation);
                        EXPECT_EQ(raw(take(base + offset).site), 0u);
                    }
}

TEST_P(BlockTableTest, NeighboursAtTheSmallestDistanceDoNotDisturbEachOther) {
    const uint64_t spacing = GetParam();
    const uint32_t many_sites = 100000;  // too large for a short record
    for (uint32_t i = 0; i < 1000; ++i)
        put(0x10000 + i * spacing, i % 2 == 0 ? i + 1 : many_sites + i, i % 16, i % 1024);
    for (uint32_t i = 0; i < 1000; ++i)
        expect_record(take(0x10000 + i * spacing), i % 2 == 0 ? i + 1 : many_sites + i, i % 16,
                      i % 1024);
}

TEST_P(BlockTableTest, TellsOfABlockThatVanishedBehindItsBack) {
    put(0x2000, 7, 100, 3);
    expect_record(put(0x2000, 8, 200), 7, 100, 3);
    expect_record(take(0x2000), 8, 200, 0);
}

TEST_P(BlockTableTest, ALostNeighbourCostsAtMostItsSize) {
    const uint64_t spacing = GetParam();
    put(0x3000, 40000, 5 * spacing);
    // The large block was freed unseen, and a small one now stands where its second word was.
    put(0x3000 + spacing, 9, 8);
    expect_record(take(0x3000 + spacing), 9, 8, 0);
    EXPECT_EQ(raw(take(0x3000).site), 40000u);
}

TEST_P(BlockTableTest, MarksALiveBlockAsWatched) {
    EXPECT_FALSE(table_->watch(0x4000));
    put(0x4000, 3, 24, 5);
    EXPECT_TRUE(table_->watch(0x4000));
    const BlockRecord record = take(0x4000);
    expect_record(record, 3, 24, 5);
    EXPECT_TRUE(record.watched);
}

TEST_P(BlockTableTest, AgreesWithAMapOverRandomHeaps) {
    std::mt19937_64 random(GetParam());
    const uint64_t spacing = GetParam();
    std::map<uint64_t, BlockRecord> expected;
    const auto overlaps = [&](uint64_t address, uint64_t size) {
        const uint64_t end = address + std::max(size, spacing);
        const auto behind = expected.lower_bound(address);
        if (behind != expected.end() && behind->first < end) return true;
        if (behind == expected.begin()) return false;
        const auto before = std::prev(behind);
        return before->first + std::max(before->second.size, spacing) > address;
    };
    for (int i = 0; i < 300000; ++i) {
        const uint64_t address = 0x7f0000000000 + random() % 65536 * 16;
        const auto found = expected.find(address);
        if (found != expected.end()) {
            expect_record(take(address), raw(found->second.site), found->second.size,
                          found->second.generation);
            expected.erase(found);
            continue;
        }
        const uint64_t size = random() % 3 == 0 ? random() % 5000 : random() % 80;
        if (overlaps(address, size)) continue;
        EXPECT_EQ(raw(take(address).site), 0u);
        const BlockRecord record{SiteId{static_cast<uint32_t>(1 + random() % 60000)},
                                 static_cast<uint32_t>(random() % 1024), size, false};
        EXPECT_EQ(raw(put(address, raw(record.site), size, record.generation).site), 0u);
        expected.emplace(address, record);
    }
    EXPECT_GT(table_->resident_bytes(), 0u);
}

// What one way enters, the other takes.
TEST_P(BlockTableTest, TheOrdinaryWayAndTheOtherAgree) {
    for (uint64_t size : {0, 40, 63, 64, 100, 1000000, 2000000}) {
        const BlockRecord record{SiteId{12}, 5, size, false};
        put(0x5000, 12, size, 5);
        expect_record(table_->take(0x5000), 12, size, 5);
        EXPECT_TRUE(table_->put(0x5000, record).done);
        expect_record(take(0x5000), 12, size, 5);
    }
}

TEST_P(BlockTableTest, ThreadsWorkOnBlocksOfTheirOwnAtTheSameTime) {
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < 4; ++thread)
        threads.emplace_back([this, thread] {
            // Interleaved, so that threads share leaves and cache lines, and take over from each
            // other the job of mapping them.
            for (int round = 0; round < 3; ++round) {
                for (uint64_t i = 0; i < 20000; ++i) {
                    const BlockRecord old = put(0x600000000000 + (i * 4 + thread) * 64,
                                                static_cast<uint32_t>(1 + thread), i % 64);
                    ASSERT_EQ(raw(old.site), 0u);
                }
                for (uint64_t i = 0; i < 20000; ++i) {
                    const BlockRecord record = take(0x600000000000 + (i * 4 + thread) * 64);
                    ASSERT_EQ(raw(record.site), 1 + thread);
                    ASSERT_EQ(record.size, i % 64);
                }
            }
        });
    for (std::thread& thread : threads) thread.join();
}

TEST_P(BlockTableTest, ReturnsThePagesInWhichAllBlocksHaveDied) {
    BlockTable::prepare_return();
    constexpr uint64_t kBase = 0x5500'0000'0000;
    constexpr uint64_t kBlocks = 1'000'000;
    const auto size = [](uint64_t i) { return i % 3 == 0 ? 20u : i % 3 == 1 ? 70u : 45u; };
    for (uint64_t i = 0; i < kBlocks; ++i) put(kBase + i * 96, 40'000, size(i), 3);
    const uint64_t full = table_->resident_bytes();
    const auto survives = [](uint64_t i) { return i % 50'000 == 7; };
    for (uint64_t i = 0; i < kBlocks; ++i)
        if (!survives(i)) take(kBase + i * 96);
    EXPECT_GE(table_->resident_bytes(), full);
    while (table_->return_some_pages()) continue;
    // 20 blocks are left, each with a page or two in both planes; and what leads to the leaves.
    EXPECT_LT(table_->resident_bytes(), full / 10);
    for (uint64_t i = 0; i < kBlocks; ++i)
        if (survives(i)) expect_record(take(kBase + i * 96), 40'000, size(i), 3);
    for (uint64_t i = 0; i < kBlocks; i += 10) put(kBase + i * 96, 5, size(i));
    for (uint64_t i = 0; i < kBlocks; i += 10) expect_record(take(kBase + i * 96), 5, size(i), 0);
}

// How much of the table of a heap is there: 4 bytes a slot, and of what was there with one block.
struct Heap {
    uint64_t base;
    uint64_t bytes;
    uint64_t apart;  // from block to block
};
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kHugePage = 2 * kMiB;
constexpr uint64_t kDense = 32 * kMiB;  // as much must be dense before a leaf gets a huge page
constexpr uint64_t kForWhatLeadsThere = 64 * 1024;

uint64_t mappings_with_huge_pages() {
    std::ifstream file("/proc/self/smaps");
    uint64_t count = 0;
    for (std::string line; std::getline(file, line);)
        count += line.starts_with("VmFlags:") && line.find(" hg") != std::string::npos;
    return count;
}
bool kernel_has_huge_pages() {
    return std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled") &&
           std::ifstream("/proc/self/smaps").good();
}

class BlockTableMemoryTest : public BlockTableTest {
protected:
    void fill(const Heap& heap) {
        for (uint64_t at = 0; at < heap.bytes; at += heap.apart) put(heap.base + at, 3, 20);
    }
    // Where all blocks lie at even multiples of 16.
    static uint64_t slots_of(uint64_t bytes) { return bytes / 32 * 4; }
    // Tables of tests before are still there.
    uint64_t leaves_with_huge_pages() const { return mappings_with_huge_pages() - before_; }

private:
    uint64_t before_ = mappings_with_huge_pages();
};
INSTANTIATE_TEST_SUITE_P(Spacing, BlockTableMemoryTest, testing::Values(16, 32));

TEST_P(BlockTableMemoryTest, ADenseHeapGetsHugePagesAndNoMoreMemoryThanItsSlots) {
    constexpr Heap kHeap{0x5500'0000'0000, 256 * kMiB, 512};
    fill(kHeap);
    EXPECT_LE(table_->resident_bytes(), slots_of(kHeap.bytes) + kForWhatLeadsThere);
    if (!kernel_has_huge_pages()) GTEST_SKIP() << "no huge pages here";
    EXPECT_EQ(leaves_with_huge_pages(), slots_of(kHeap.bytes - kDense) / kHugePage);
}

TEST_P(BlockTableMemoryTest, OneBlockBehindADenseHeapTakesAHugePageAtMost) {
    constexpr Heap kHeap{0x5500'0000'0000, kDense, 512};
    fill(kHeap);
    put(kHeap.base + kHeap.bytes, 3, 20);
    const uint64_t bytes = table_->resident_bytes();
    EXPECT_LE(bytes, slots_of(kHeap.bytes) + kHugePage + kForWhatLeadsThere);
    // The next leaves have nothing dense before them, whatever is resident.
    for (uint64_t i = 1; i <= 20; ++i)
        put(kHeap.base + kHeap.bytes + i * kHugePage / 4 * 32, 3, 20);
    EXPECT_LE(table_->resident_bytes(), bytes + 20 * 4096 + kForWhatLeadsThere);
}

TEST_P(BlockTableMemoryTest, ASparseHeapTakesAPageABlockWhateverTheSystemPrefers) {
    constexpr Heap kHeap{0x5500'0000'0000, 4096 * kMiB, 4 * kMiB};
    fill(kHeap);
    EXPECT_LE(table_->resident_bytes(), 1024 * 4096 + kForWhatLeadsThere);
    EXPECT_EQ(leaves_with_huge_pages(), 0u);
}

TEST_P(BlockTableMemoryTest, WhatWasReturnedStaysReturned) {
    BlockTable::prepare_return();
    constexpr Heap kHeap{0x5500'0000'0000, 128 * kMiB, 512};
    fill(kHeap);
    for (uint64_t at = 0; at < kHeap.bytes; at += kHeap.apart) take(kHeap.base + at);
    while (table_->return_some_pages()) continue;
    // Of each 64 pages one was read again, and is the kernel's page of zeros.
    const uint64_t left = slots_of(kHeap.bytes) / 64 + kForWhatLeadsThere;
    EXPECT_LE(table_->resident_bytes(), left);
    // Or the kernel would put huge pages there again by and by.
    EXPECT_EQ(leaves_with_huge_pages(), 0u);
    put(kHeap.base + kHeap.bytes - 4096, 3, 20);
    EXPECT_LE(table_->resident_bytes(), left);
}

TEST(BlockTableOddTest, OnlyStretchesWithBlocksAtOddMultiplesOf16TakeTwice) {
    BlockTable table;
    table.set_spacing(16);
    constexpr uint64_t kBase = 0x5500'0000'0000;
    for (uint64_t at = 0; at < 16 * kMiB; at += 1024) table.put(kBase + at, {SiteId{3}, 0, 20});
    const uint64_t even = table.resident_bytes();
    EXPECT_LE(even, 2 * kMiB + kForWhatLeadsThere);
    for (uint64_t at = 16; at < 4 * kMiB; at += 1024) table.put(kBase + at, {SiteId{4}, 0, 16});
    EXPECT_LE(table.resident_bytes(), even + kMiB / 2 + kForWhatLeadsThere);
}

// Each thread's pages are empty at times, and the record of a last slot goes on in the next page.
TEST_P(BlockTableTest, LosesNothingWhilePagesAreReturned) {
    BlockTable::prepare_return();
    constexpr uint64_t kPage = uint64_t{1024} * 32;  // what a page of slots covers, at most
    std::atomic<bool> done{false};
    const auto work = [this](uint64_t address, uint32_t seed) {
        std::mt19937 random(seed);
        const uint64_t sizes[] = {40, 30, 100, 3'000'000};
        const auto pause = [](uint64_t length) {
            for (; length > 0; --length) asm volatile("");
        };
        for (int round = 0; round < 300'000; ++round) {
            const uint64_t size = sizes[random() % 4];
            put(address, 33'000 + seed, size, 9);
            pause(random() % 1000);
            const BlockRecord record = take(address);
            pause(random() % 1000);
            ASSERT_EQ(raw(record.site), 33'000 + seed) << "round " << round;
            ASSERT_EQ(record.size, size);
            ASSERT_EQ(record.generation, 9u);
        }
    };
    constexpr uint64_t kBase = 0x5500'0000'0000;
    std::thread returns([&] {
        while (!done) table_->return_some_pages();
    });
    std::thread other([&] { work(kBase + 3 * kPage, 1); });
    work(kBase + 7 * kPage - 32, 2);
    other.join();
    done = true;
    returns.join();
}

TEST_P(BlockTableTest, ShowsAllRecordsInTheOrderOfTheirAddresses) {
    // Every form of a record, near to each other and in leaves far apart.
    const std::vector<std::pair<uint64_t, uint64_t>> blocks = {
        {0x5000, 0},    {0x5020, 63},          {0x5080, 64},         {0x50e0, 24},
        {0x5140, 5000}, {0x10000000, 5 << 20}, {0x7f0000000000, 17}, {0x7f0000000040, 90}};
    for (size_t i = 0; i < blocks.size(); ++i)
        put(blocks[i].first, static_cast<uint32_t>(1 + i), blocks[i].second, 7);
    put(0x60000000, 1 << 20, 40);
    take(0x60000000);
    size_t at = 0;
    table_->for_each([&](uint64_t address, const BlockRecord& record) {
        ASSERT_LT(at, blocks.size());
        EXPECT_EQ(address, blocks[at].first);
        expect_record(record, static_cast<uint32_t>(1 + at), blocks[at].second, 7);
        ++at;
    });
    EXPECT_EQ(at, blocks.size());
}

TEST_P(BlockTableTest, AForkChildFindsRecordsOnlyWhileTheyAreKept) {
    put(0x5000, 3, 40);
    const auto seen_in_child = [this] {
        const pid_t child = fork();
        if (child == 0) {
            int records = 0;
            table_->for_each([&](uint64_t, const BlockRecord&) { ++records; });
            if (records != 0) {
                table_->clear();
                table_->for_each([&](uint64_t, const BlockRecord&) { records = 99; });
            }
            _exit(records);
        }
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        return WEXITSTATUS(status);
    };
    EXPECT_EQ(seen_in_child(), 0);
    EXPECT_TRUE(table_->keep_on_fork(true));
    EXPECT_EQ(seen_in_child(), 1);
    EXPECT_TRUE(table_->keep_on_fork(false));
    EXPECT_EQ(seen_in_child(), 0);
    expect_record(take(0x5000), 3, 40, 0);
}

}  // namespace
}  // namespace heapdrift
