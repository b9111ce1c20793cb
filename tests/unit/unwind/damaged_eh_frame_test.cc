// Unwind information with random damage: every look-up must end, and read nothing outside of it.
// A copy in a heap block of its own lets AddressSanitizer see the latter.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "preload/unwind/cfi_program.h"
#include "preload/unwind/eh_frame.h"
#include "preload/unwind/module_image.h"

namespace heapdrift {
namespace {

// .eh_frame_hdr and all that follows in its segment. Unwind information is relative to its own
// place, so the copy describes code that lies as far from it as the original's.
class CopiedEhFrame {
public:
    explicit CopiedEhFrame(uint64_t code) {
        EXPECT_TRUE(find_module_image(code, original_));
        const uint64_t begin = original_.eh_frame_hdr;
        for (uint32_t i = 0; i < original_.segment_count; ++i)
            if (original_.segments[i].contains(begin, 1))
                bytes_.assign(reinterpret_cast<const char*>(begin),
                              reinterpret_cast<const char*>(original_.segments[i].end));
        pristine_ = bytes_;
        const auto copy = reinterpret_cast<uint64_t>(bytes_.data());
        distance_ = copy - begin;
        image_.mapped = image_.segments[0] = {copy, copy + bytes_.size()};
        image_.segment_count = 1;
        image_.eh_frame_hdr = copy;
    }

    const ModuleImage& original() const { return original_; }
    UnwindRule rule(uint64_t pc, PcKind kind) const {
        return find_rule(image_, pc + distance_, kind);
    }
    std::vector<char>& bytes() { return bytes_; }
    void restore(size_t at, size_t size) {
        std::memcpy(bytes_.data() + at, pristine_.data() + at, size);
    }
    void cut(size_t size) { image_.segments[0].end = image_.segments[0].begin + size; }

private:
    ModuleImage original_;
    ModuleImage image_;
    std::vector<char> bytes_;
    std::vector<char> pristine_;
    uint64_t distance_ = 0;
};

constexpr uint64_t kCodeSize = 0x20000;

TEST(CopiedUnwindInformation, GivesTheSameRules) {
    const auto code = reinterpret_cast<uint64_t>(&qsort);
    CopiedEhFrame copy(code);
    uint32_t followed = 0;
    for (uint64_t pc = code; pc < code + kCodeSize; pc += 3) {
        const UnwindRule expected = find_rule(copy.original(), pc, PcKind::return_address);
        ASSERT_EQ(rule_bits(copy.rule(pc, PcKind::return_address)), rule_bits(expected));
        followed += expected.kind != RuleKind::refuse;
    }
    EXPECT_GT(followed, kCodeSize / 3 / 2);
}

class DamagedUnwindInformation : public testing::Test {
protected:
    uint64_t random_pc() { return code_ + random_() % kCodeSize; }

    void look_up_some(int count) {
        for (int i = 0; i < count; ++i) {
            const UnwindRule rule = copy_.rule(
                random_pc(), random_() % 2 == 0 ? PcKind::return_address : PcKind::interrupted);
            ASSERT_NE(rule.kind, RuleKind::unknown);
            if (rule.kind == RuleKind::rsp) {
                ASSERT_GE(rule.cfa_offset, 8);
            }
        }
    }

    const uint64_t code_ = reinterpret_cast<uint64_t>(&qsort);
    CopiedEhFrame copy_{code_};
    std::mt19937_64 random_{4711};
    const std::chrono::steady_clock::time_point until_ =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
};

// Damage close to what look-ups read: the header, a block of the records, or anywhere.
TEST_F(DamagedUnwindInformation, IsReadWithoutHarm) {
    while (std::chrono::steady_clock::now() < until_) {
        constexpr size_t kBlock = 4096;
        const size_t begin = random_() % 16 == 0 ? 0 : random_() % (copy_.bytes().size() - kBlock);
        const uint64_t changes = 1 + random_() % 256;
        const size_t span = begin == 0 ? 16 : kBlock;
        for (uint64_t i = 0; i < changes; ++i)
            copy_.bytes()[begin + random_() % span] = static_cast<char>(random_());
        look_up_some(64);
        if (random_() % 32 != 0) copy_.restore(begin, kBlock);
    }
}

TEST_F(DamagedUnwindInformation, CutAnywhereIsReadWithoutHarm) {
    while (std::chrono::steady_clock::now() < until_) {
        copy_.cut(random_() % copy_.bytes().size());
        look_up_some(16);
    }
}

// One function's program replaced by random instructions, so that the interpreter meets them all.
TEST_F(DamagedUnwindInformation, WithRandomProgramsIsReadWithoutHarm) {
    std::vector<char> bytes(256);
    while (std::chrono::steady_clock::now() < until_) {
        for (char& byte : bytes)
            byte = static_cast<char>(random_() % 4 == 0 ? random_() : random_() % 0x30);
        FrameDescription description;
        const auto begin = reinterpret_cast<uint64_t>(bytes.data());
        description.function_begin = 0x1000;
        description.function_end = 0x2000;
        description.initial_program = ByteCursor(begin, begin + 16);
        description.program = ByteCursor(begin + 16, begin + bytes.size());
        description.data_alignment = -8;
        description.signal_frame = random_() % 8 == 0;
        const UnwindRule rule =
            run_cfi_program(description, 0x1000 + random_() % 0x100, PcKind::interrupted);
        ASSERT_NE(rule.kind, RuleKind::unknown);
    }
}

}  // namespace
}  // namespace heapdrift
