#include "preload/session_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <fstream>
#include <set>
#include <span>
#include <thread>
#include <vector>

#include "tests/unit/preload/temporary_session.h"

namespace heapdrift {
namespace {

TEST(SessionFile, IsReadableByItsOwnerAlone) {
    TemporarySession session;
    const auto permissions =
        std::filesystem::status(session.directory() / ("session." + std::to_string(getpid())))
            .permissions();
    EXPECT_EQ(permissions, std::filesystem::perms(0600));
}

TEST(SessionFile, ThreadsGetDistinctRecordsAndLoseNone) {
    TemporarySession session;
    constexpr uint32_t kEach = 20000;
    std::vector<std::vector<uint32_t>> ids(4);
    std::vector<std::thread> threads;
    for (uint32_t thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (uint32_t i = 0; i < kEach; ++i) {
                const Numbered<Node> added = session.file().add_nodes(1);
                ASSERT_NE(added.record, nullptr);
                ASSERT_EQ(added.record->address, 0u);
                added.record->address = added.id;
                ids[thread].push_back(added.id);
                if (i % 100 == 0) {
                    ASSERT_NE(session.file().add_page(PageKind::undo, thread, i), nullptr);
                }
            }
        });
    for (std::thread& thread : threads) thread.join();
    std::set<uint32_t> all;
    for (const auto& some : ids) all.insert(some.begin(), some.end());
    EXPECT_EQ(all.size(), 4 * kEach);
    EXPECT_EQ(*all.begin(), 1u);
    EXPECT_EQ(*all.rbegin(), 4 * kEach);
    for (const uint32_t id : all) EXPECT_EQ(session.file().node(id).address, id);
}

TEST(SessionFile, NodesThatAreAddedTogetherFollowEachOtherInOneSegment) {
    TemporarySession session;
    constexpr uint32_t kWanted = 16;
    uint32_t next = 1;
    for (int i = 0; i < 1000; ++i) {
        const Numbered<Node> added = session.file().add_nodes(kWanted);
        ASSERT_NE(added.record, nullptr);
        ASSERT_EQ(added.id, next);
        next += added.count;
        const uint32_t last = next - 1;
        ASSERT_EQ(&session.file().node(last), added.record + added.count - 1);
        ASSERT_EQ(added.id / kPerSegment<Node>, last / kPerSegment<Node>);
        if (added.count < kWanted) {
            ASSERT_EQ(next % kPerSegment<Node>, 0u);
        }
    }
    EXPECT_EQ(session.file().control().node_count.load(), next - 1);
}

TEST(SessionFile, GrowsAfterItsDescriptorWasClosedAndTakenByAnotherFile) {
    TemporarySession session;
    ASSERT_NE(session.file().add_nodes(1).record, nullptr);
    closefrom(3);
    const std::filesystem::path other = session.directory() / "other";
    std::ofstream(other) << "precious";
    const int fd = ::open(other.c_str(), O_RDWR);
    for (int high = 990; high < 1010; ++high) dup2(fd, high);
    for (uint32_t i = 0; i < 100000; ++i) ASSERT_NE(session.file().add_nodes(1).record, nullptr);
    EXPECT_EQ(std::filesystem::file_size(other), 8u);
    closefrom(3);
}

// All run out of space at the same moments. What each of them maps then is used up before the file
// grows again: of what is there only the newest part may be empty.
TEST(SessionFile, ThreadsThatGrowItAtOnceLeaveNoSpaceBehind) {
    TemporarySession session;
    constexpr int kThreads = 16;
    constexpr int kRounds = 100;
    std::barrier round(kThreads);
    const auto add_pages = [&session](uint32_t table) {
        for (uint32_t i = 0; i < kPagesPerSegment; ++i)
            ASSERT_NE(session.file().add_page(PageKind::undo, table, i), nullptr);
    };
    std::vector<std::thread> threads;
    for (uint32_t table = 0; table < kThreads; ++table)
        threads.emplace_back([&, table] {
            for (int i = 0; i < kRounds; ++i) {
                round.arrive_and_wait();
                add_pages(table);
            }
        });
    for (std::thread& thread : threads) thread.join();
    const auto path = session.directory() / ("session." + std::to_string(getpid()));
    const uintmax_t before = std::filesystem::file_size(path);
    while (std::filesystem::file_size(path) == before) add_pages(kThreads);
    std::ifstream file(path, std::ios::binary);
    uint32_t unused = 0;
    for (uintmax_t at = kSegmentSize; at < std::filesystem::file_size(path); at += kSegmentSize) {
        auto kind = SegmentKind::unused;
        file.seekg(static_cast<std::streamoff>(at));
        file.read(reinterpret_cast<char*>(&kind), sizeof kind);
        unused += kind == SegmentKind::unused;
    }
    constexpr uint32_t kNewestPart = 64;
    // Those that a thread had taken when another's had found its place.
    constexpr uint32_t kSpares = 2 * kThreads;
    EXPECT_LE(unused, kNewestPart + kSpares);
}

// A thread that needs one page must not wait for the space of megabytes. Before a program confines
// itself, after which there is no space to be had, all of it is taken.
TEST(SessionFile, SpaceOfALargeUnitIsTakenWhenItIsNeeded) {
    TemporarySession session;
    const auto path = session.directory() / ("session." + std::to_string(getpid()));
    const auto status_of_file = [&path] {
        struct stat status {};
        EXPECT_EQ(stat(path.c_str(), &status), 0);
        return status;
    };
    constexpr off_t kMiB = 1 << 20;
    while (status_of_file().st_size < 20 * kMiB)
        for (uint32_t i = 0; i < kPerSegment<Node>; ++i)
            ASSERT_NE(session.file().add_nodes(1).record, nullptr);
    constexpr blkcnt_t kBlock = 512;
    EXPECT_LT(status_of_file().st_blocks * kBlock, status_of_file().st_size - 2 * kMiB);
    session.file().reserve_units();
    EXPECT_GE(status_of_file().st_blocks * kBlock, status_of_file().st_size);
}

// A short process pays for each page of the file.
TEST(SessionFile, ASmallProgramsFileTakesLittleSpace) {
    TemporarySession session;
    for (uint32_t i = 0; i < 200; ++i) ASSERT_NE(session.file().add_nodes(1).record, nullptr);
    for (uint32_t i = 0; i < 50; ++i) ASSERT_NE(session.file().add_site().record, nullptr);
    for (uint32_t i = 0; i < 4; ++i) ASSERT_NE(session.file().add_module().record, nullptr);
    ASSERT_NE(session.file().add_thread().record, nullptr);
    ASSERT_NE(session.file().add_page(PageKind::counters, 0, 0), nullptr);
    EXPECT_LE(session.space_taken(), 64u * 1024);
}

// Where it is not, a full disk would be a signal.
TEST(SessionFile, SpaceIsThereBeforeARecordIsWritten) {
    TemporarySession session;
    for (uint32_t i = 0; i < 40; ++i) {
        std::vector<std::span<std::byte>> places;
        const auto note = [&places](auto* record, size_t size) {
            ASSERT_NE(record, nullptr);
            places.emplace_back(reinterpret_cast<std::byte*>(record), size);
        };
        for (uint32_t node = 0; node < 100; ++node)
            note(session.file().add_nodes(1).record, sizeof(Node));
        note(session.file().add_site().record, sizeof(Site));
        note(session.file().add_module().record, sizeof(Module));
        note(session.file().add_thread().record, sizeof(ThreadRow));
        note(static_cast<std::byte*>(session.file().add_page(PageKind::undo, 0, i)), kPageSize);
        const uint64_t before = session.space_taken();
        for (const std::span<std::byte> place : places) std::ranges::fill(place, std::byte{1});
        ASSERT_EQ(session.space_taken(), before);
    }
}

TEST(SessionFile, SpaceIsThereBeforeASnapshotIsTaken) {
    TemporarySession session;
    Header& header = session.file().header();
    for (size_t i = 0; i < kMaxSnapshots; ++i) {
        header.control.moment.store(moment_of(static_cast<uint32_t>(i) + 1, 0));
        ASSERT_TRUE(session.file().have_space_for_snapshot());
        const uint64_t before = session.space_taken();
        std::ranges::fill(header.snapshots[i].label, 'x');
        ASSERT_EQ(session.space_taken(), before);
    }
}

TEST(SessionFile, AFullFileIsAFailedCallAndSaidOnce) {
    TemporarySession session;
    rlimit64 before{};
    getrlimit64(RLIMIT_FSIZE, &before);
    rlimit64 small = before;
    small.rlim_cur = 2'000'000;
    setrlimit64(RLIMIT_FSIZE, &small);
    testing::internal::CaptureStderr();
    uint32_t made = 0;
    for (uint32_t i = 0; i < 200000; ++i)
        if (session.file().add_nodes(1).record != nullptr) ++made;
    setrlimit64(RLIMIT_FSIZE, &before);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_GT(made, 10000u);
    EXPECT_LT(made, 200000u);
    EXPECT_EQ(session.file().control().node_count.load(), made);
    EXPECT_NE(said.find("cannot grow: RLIMIT_FSIZE does not allow it"), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
    EXPECT_EQ(session.file().control().recording_stopped.load(), 1u);
}

TEST(SessionFile, AMissingDirectoryIsNamed) {
    Options options;
    options.output << "/nonexistent/place/x";
    testing::internal::CaptureStderr();
    auto file = std::make_unique<SessionFile>();
    EXPECT_FALSE(file->create(options, false));
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("/nonexistent/place/x"), std::string::npos);
    EXPECT_NE(said.find("no such directory"), std::string::npos);
}

TEST(SessionFile, AnEarlierImageOfTheProcessIsClosedAsEndedByExec) {
    TemporarySession session;
    Options options;
    options.output << (session.directory() / "session").c_str();
    auto second = std::make_unique<SessionFile>();
    ASSERT_TRUE(second->create(options, false));
    EXPECT_EQ(session.file().control().ended_by.load(), EndedBy::exec);
    EXPECT_EQ(second->header().identity.image, 1u);
}

}  // namespace
}  // namespace heapdrift
