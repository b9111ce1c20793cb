#include "preload/unwind/rule_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "preload/unwind/eh_frame.h"
#include "preload/unwind/module_image.h"

namespace heapdrift {
namespace {

// Code of libc and of this program: pcs with rules of all kinds.
ModuleImage libc_image() {
    ModuleImage image;
    find_module_image(reinterpret_cast<uint64_t>(&qsort), image);
    return image;
}

bool equals_computed(RuleTable& table, uint64_t pc, PcKind kind) {
    return rule_bits(table.find(pc, kind)) == rule_bits(compute_rule(pc, kind).rule);
}

TEST(RuleTable, GivesTheComputedRuleWhileItGrows) {
    auto table = std::make_unique<RuleTable>();
    const ModuleImage image = libc_image();
    const uint64_t begin = reinterpret_cast<uint64_t>(&qsort);
    constexpr uint64_t kPcs = 40'000;
    for (uint64_t pc = begin; pc < begin + kPcs; ++pc)
        ASSERT_TRUE(equals_computed(*table, pc, PcKind::return_address)) << pc - begin;
    for (uint64_t pc = begin; pc < begin + kPcs; ++pc)
        ASSERT_TRUE(equals_computed(*table, pc, PcKind::return_address)) << pc - begin;
    EXPECT_GE(table->capacity(), 2 * kPcs / 2);
    EXPECT_GT(image.segment_count, 0u);
}

TEST(RuleTable, TellsInterruptedPcsFromReturnAddresses) {
    auto table = std::make_unique<RuleTable>();
    const uint64_t begin = reinterpret_cast<uint64_t>(&qsort) - 2000;
    uint32_t differing = 0;
    for (uint64_t pc = begin; pc < begin + 4000; ++pc) {
        ASSERT_TRUE(equals_computed(*table, pc, PcKind::return_address));
        ASSERT_TRUE(equals_computed(*table, pc, PcKind::interrupted));
        differing += rule_bits(table->find(pc, PcKind::return_address)) !=
                     rule_bits(table->find(pc, PcKind::interrupted));
    }
    EXPECT_GT(differing, 0u);
}

TEST(RuleTable, RemembersNothingOfAddressesOutsideAllModules) {
    auto table = std::make_unique<RuleTable>();
    for (uint64_t pc = 0x1000; pc < 0x3000; ++pc)
        EXPECT_EQ(table->find(pc, PcKind::return_address).kind, RuleKind::refuse);
    EXPECT_EQ(table->capacity(), 0u);
    EXPECT_EQ(table->find(0, PcKind::return_address).kind, RuleKind::refuse);
}

TEST(RuleTable, GivesTheComputedRuleToThreadsWhileOthersRetire) {
    auto table = std::make_unique<RuleTable>();
    const uint64_t begin = reinterpret_cast<uint64_t>(&qsort);
    std::vector<uint64_t> expected;
    constexpr uint64_t kPcs = 6000;
    for (uint64_t pc = begin; pc < begin + kPcs; ++pc)
        expected.push_back(rule_bits(compute_rule(pc, PcKind::return_address).rule));
    std::atomic<uint32_t> wrong{0};
    std::atomic<bool> done{false};
    std::vector<std::thread> readers;
    for (uint64_t first = 0; first < 4; ++first) {
        readers.emplace_back([&, first] {
            for (uint64_t round = 0; round < 10; ++round) {
                for (uint64_t i = 0; i < kPcs; ++i) {
                    const uint64_t at = (i * 7919 + first * 1009) % kPcs;
                    if (rule_bits(table->find(begin + at, PcKind::return_address)) != expected[at])
                        wrong.fetch_add(1);
                }
            }
        });
    }
    std::thread retirer([&] {
        while (!done) {
            table->retire(begin, begin + kPcs / 2);
            std::this_thread::yield();
        }
    });
    for (std::thread& reader : readers) reader.join();
    done = true;
    retirer.join();
    EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace heapdrift
