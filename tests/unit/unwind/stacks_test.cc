// Stacks that are not the thread's usual one, or lie where reading further would fault.
#include <gtest/gtest.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <random>
#include <thread>

#include "preload/unwind/memory_probe.h"
#include "tests/unit/unwind/capture.h"
#include "tests/unit/unwind/victims.h"

namespace heapdrift {
namespace {

void capture_now() {
    capture(captured);
}

// A mapping whose neighbours on both sides cannot be read.
class GuardedPages {
public:
    explicit GuardedPages(size_t size) : size_(size) {
        whole_ =
            mmap(nullptr, size + 2 * kProbePageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect(data(), size, PROT_READ | PROT_WRITE);
    }
    ~GuardedPages() { munmap(whole_, size_ + 2 * kProbePageSize); }
    char* data() const { return static_cast<char*>(whole_) + kProbePageSize; }
    size_t size() const { return size_; }

private:
    size_t size_;
    void* whole_;
};

TEST(PageProbe, TellsReadableFromUnreadablePages) {
    GuardedPages pages(2 * kProbePageSize);
    const auto begin = reinterpret_cast<uint64_t>(pages.data());
    EXPECT_TRUE(page_is_readable(begin));
    EXPECT_TRUE(page_is_readable(begin + 2 * kProbePageSize - 1));
    EXPECT_FALSE(page_is_readable(begin - 1));
    EXPECT_FALSE(page_is_readable(begin + 2 * kProbePageSize));
    EXPECT_TRUE(range_is_readable(begin + 100, begin + 2 * kProbePageSize));
    EXPECT_FALSE(range_is_readable(begin + 100, begin + 2 * kProbePageSize + 1));
    EXPECT_FALSE(page_is_readable(0));
    EXPECT_FALSE(page_is_readable(~uint64_t{0}));
    EXPECT_FALSE(page_is_readable(0x8000'0000'0000));
}

TEST(PageProbe, LeavesErrnoAlone) {
    errno = 77;
    page_is_readable(8);
    EXPECT_EQ(errno, 77);
}

ucontext_t main_context;
ucontext_t coroutine_context;

void run_coroutine(const GuardedPages& stack, void (*body)()) {
    getcontext(&coroutine_context);
    coroutine_context.uc_stack.ss_sp = stack.data();
    coroutine_context.uc_stack.ss_size = stack.size();
    coroutine_context.uc_link = &main_context;
    makecontext(&coroutine_context, body, 0);
    swapcontext(&main_context, &coroutine_context);
}

// libunwind goes on by guessing beyond the coroutine's first frame.
void expect_complete_coroutine() {
    EXPECT_TRUE(captured.begins_like_reference()) << captured.text();
    EXPECT_EQ(captured.end, StackEnd::complete) << captured.text();
}

TEST(CoroutineStack, IsWalkedToItsFirstFunction) {
    GuardedPages stack(64 * 1024);
    run_coroutine(stack, [] { victims::with_register_pressure(10, capture_now); });
    expect_complete_coroutine();
    EXPECT_GE(captured.count, 12u);
}

TEST(CoroutineStack, InAThreadIsWalkedToItsFirstFunction) {
    std::thread thread([] {
        capture_now();
        EXPECT_SAME_AS_REFERENCE(captured);
        GuardedPages stack(64 * 1024);
        for (int round = 0; round < 3; ++round) {
            run_coroutine(stack, [] { victims::recurse(10, capture_now); });
            expect_complete_coroutine();
        }
        victims::recurse(10, capture_now);
        EXPECT_SAME_AS_REFERENCE(captured);
    });
    thread.join();
}

TEST(CoroutineStack, OfASecondCoroutineInPlaceOfAFreedOneIsWalked) {
    for (size_t pages : {64, 8, 128, 5}) {
        GuardedPages stack(pages * kProbePageSize);
        run_coroutine(stack, [] { victims::with_alloca(10, capture_now); });
        expect_complete_coroutine();
    }
}

void run_thread(pthread_attr_t& attributes) {
    pthread_t thread;
    ASSERT_EQ(pthread_create(
                  &thread, &attributes,
                  [](void*) -> void* {
                      capture_walk_only(captured);
                      return nullptr;
                  },
                  nullptr),
              0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    EXPECT_EQ(captured.end, StackEnd::complete) << captured.text();
    EXPECT_GE(captured.count, 2u);
}

TEST(ThreadStack, OfTheSmallestSizeIsWalked) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN + 4096);
    run_thread(attributes);
}

TEST(ThreadStack, SuppliedByTheProgramIsWalked) {
    GuardedPages stack(2048 * 1024);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack.data(), stack.size());
    run_thread(attributes);
}

TEST(ThreadStack, DeeperThanOneWalkProbesIsWalked) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 32u << 20);
    pthread_t thread;
    pthread_create(
        &thread, &attributes,
        [](void*) -> void* {
            for (int round = 0; round < 40; ++round) {
                victims::with_large_frame(200, capture_now);
                EXPECT_SAME_AS_REFERENCE(captured);
            }
            return nullptr;
        },
        nullptr);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

TEST(ThreadStack, IsWalkedWithBoundsOfAnotherThread) {
    static StackBounds bounds;
    static uint32_t count;
    static StackEnd end;
    static std::array<Frame, 64> frames;
    const auto walk_here = [] {
        count = walk(start_state_of_caller(), bounds, frames.data(), frames.size(), end);
    };
    walk_here();
    EXPECT_EQ(end, StackEnd::complete);
    std::thread(walk_here).join();
    EXPECT_EQ(end, StackEnd::complete);
    EXPECT_GE(count, 2u);
}

TEST(ThreadStack, IsWalkedInAChildForkedByAThread) {
    std::thread([] {
        const pid_t child = fork();
        if (child == 0) {
            victims::recurse(5, capture_now);
            _exit(captured.same_as_reference() && captured.end == StackEnd::complete ? 0 : 1);
        }
        int status = -1;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }).join();
}

// A stack in memory of its own, filled with addresses of code and of itself, at random: the walk
// has to end, and to read nothing outside.
class DamagedStack : public testing::Test {
protected:
    static constexpr size_t kSize = 8 * kProbePageSize;

    uint64_t random_word() {
        const auto base = reinterpret_cast<uint64_t>(stack_.data());
        const auto code = reinterpret_cast<uint64_t>(&qsort) & ~uint64_t{0xfff};
        const auto own_code = reinterpret_cast<uint64_t>(&victims::recurse_realigned);
        switch (random_() % 6) {
            case 0:
                return base + random_() % (2 * kSize) - kSize / 2;
            case 1:
                return code + random_() % 0x20000 - 0x10000;
            case 2:
                return own_code + random_() % 0x400;
            case 3:
                return random_();
            case 4:
                return random_() % 0x1000;
            default:
                return base + random_() % kSize / 8 * 8;
        }
    }

    void fill() {
        for (size_t at = 0; at < kSize; at += 8) {
            const uint64_t word = random_word();
            std::memcpy(stack_.data() + at, &word, 8);
        }
    }

    GuardedPages stack_{kSize};
    std::mt19937_64 random_{20240607};
    StackBounds bounds_;
    static constexpr uint32_t kLimit = 1024;
    std::array<Frame, kLimit> frames_;
};

TEST_F(DamagedStack, IsLeftWithoutAFault) {
    StackEnd end;
    uint64_t walked = 0;
    for (int round = 0; round < 300; ++round) {
        fill();
        for (int start = 0; start < 200; ++start)
            walked += walk({random_word(), random_word(), random_word()}, bounds_, frames_.data(),
                           kLimit, end);
    }
    EXPECT_GT(walked, 60'000u);
}

TEST_F(DamagedStack, ThatLeadsRoundInCirclesEnds) {
    // Frames that take their CFA from rbp, with a saved rbp that points back to itself.
    static StartState inside;
    victims::with_alloca(0, [] { inside = start_state_of_caller(); });
    const auto base = reinterpret_cast<uint64_t>(stack_.data());
    for (size_t at = 0; at < kSize; at += 8) {
        const uint64_t word = at % 16 == 0 ? base + 64 : inside.pc;
        std::memcpy(stack_.data() + at, &word, 8);
    }
    StackEnd end = StackEnd::complete;
    const uint32_t count =
        walk({inside.pc, base + 8, base + 64}, bounds_, frames_.data(), kLimit, end);
    EXPECT_EQ(end, StackEnd::unreadable);
    EXPECT_LT(count, 100u);
}

TEST_F(DamagedStack, OnTheThreadsOwnStackIsLeftWithoutAFault) {
    std::array<uint64_t, 2048> garbage;
    StackEnd end;
    for (int round = 0; round < 300; ++round) {
        for (uint64_t& word : garbage)
            word = random_() % 2 == 0
                       ? random_word()
                       : reinterpret_cast<uint64_t>(&garbage[random_() % garbage.size()]);
        for (size_t start = 0; start < 100; ++start)
            walk({random_word(), reinterpret_cast<uint64_t>(&garbage[start]), garbage[start + 1]},
                 bounds_, frames_.data(), kLimit, end);
    }
}

TEST(CodeWithoutUnwindInformation, EndsTheStackAndSaysSo) {
    // sub $8,%rsp; call *%rdi; add $8,%rsp; ret
    constexpr unsigned char kCode[] = {0x48, 0x83, 0xec, 0x08, 0xff, 0xd7,
                                       0x48, 0x83, 0xc4, 0x08, 0xc3};
    void* page =
        mmap(nullptr, kProbePageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memcpy(page, kCode, sizeof kCode);
    mprotect(page, kProbePageSize, PROT_READ | PROT_EXEC);
    reinterpret_cast<void (*)(victims::Callback)>(page)(
        [] { victims::recurse(3, [] { capture_walk_only(captured); }); });
    EXPECT_EQ(captured.end, StackEnd::no_rule);
    ASSERT_GE(captured.count, 1u);
    EXPECT_EQ(captured.frames[captured.count - 1].address, reinterpret_cast<uint64_t>(page) + 6);
    munmap(page, kProbePageSize);
}

}  // namespace
}  // namespace heapdrift
