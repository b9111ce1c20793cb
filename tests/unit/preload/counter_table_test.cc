#include "preload/counter_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <random>
#include <set>

#include "tests/unit/preload/temporary_session.h"

namespace heapdrift {
namespace {

// The value of a cell at a held snapshot, read as core/session_format.h says.
class CounterTableTest : public testing::Test {
protected:
    CounterTableTest() { table_->open(session_.file(), TableId{0}); }

    void allocate(uint32_t site) {
        Cell* cell = table_->touch(SiteId{site}, epoch());
        ASSERT_NE(cell, nullptr);
        cell->allocations.store(cell->allocations.load() + 1);
        ++now_[site];
    }

    void snapshot(SnapshotKind kind) {
        SnapshotDescriptor filled{};
        filled.kind = kind;
        const uint32_t number = raw(open_snapshot(session_.file().header(), filled));
        if (number != 0) truth_[number] = now_;
    }

    uint32_t epoch() { return session_.file().control().epoch.load(); }

    std::set<uint32_t> held() {
        std::set<uint32_t> numbers;
        for (const SnapshotDescriptor& snapshot : session_.file().header().snapshots)
            if (snapshot.state.load() == SnapshotState::held) numbers.insert(snapshot.number);
        return numbers;
    }

    uint64_t value_at(uint32_t site, uint32_t number) {
        for (const UndoEntry* entry : undo_entries())
            if (entry->site == site && entry->since < number && number <= entry->until.load())
                return entry->values.allocations;
        const Cell* cell = cell_of(site);
        if (cell == nullptr || cell->epoch.load() >= number) return 0;
        return cell->allocations.load();
    }

    std::vector<const UndoEntry*> undo_entries() {
        std::vector<const UndoEntry*> entries;
        each_page(PageKind::undo, [&](uint32_t, void* page) {
            for (uint32_t i = 0; i < kUndoPerPage; ++i) {
                const UndoEntry* entry = static_cast<UndoEntry*>(page) + i;
                if (entry->until.load() != 0) entries.push_back(entry);
            }
        });
        return entries;
    }

    const Cell* cell_of(uint32_t site) {
        const Cell* found = nullptr;
        each_page(PageKind::counters, [&](uint32_t index, void* page) {
            if (index == site / kCellsPerPage)
                found = static_cast<Cell*>(page) + site % kCellsPerPage;
        });
        return found;
    }

    // Through the file itself, as a reader would.
    template <typename Visit>
    void each_page(PageKind kind, Visit visit) {
        const auto path = session_.directory() / ("session." + std::to_string(getpid()));
        if (mapped_ == nullptr || std::filesystem::file_size(path) != mapped_size_) {
            mapped_size_ = std::filesystem::file_size(path);
            const int fd = ::open(path.c_str(), O_RDWR);
            mapped_ = static_cast<uint8_t*>(
                mmap(nullptr, mapped_size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
            close(fd);
        }
        for (uint64_t at = kSegmentSize; at < mapped_size_; at += kSegmentSize) {
            auto* segment = reinterpret_cast<PageSegment*>(mapped_ + at);
            if (segment->header.kind.load() != SegmentKind::pages) continue;
            for (uint32_t i = 0; i < kPagesPerSegment; ++i)
                if (segment->descriptors[i].kind.load() == kind)
                    visit(segment->descriptors[i].index, segment->pages[i]);
        }
    }

    TemporarySession session_;
    std::unique_ptr<CounterTable> table_{new CounterTable()};
    std::map<uint32_t, uint64_t> now_;
    std::map<uint32_t, std::map<uint32_t, uint64_t>> truth_;
    uint8_t* mapped_ = nullptr;
    uint64_t mapped_size_ = 0;
};

TEST_F(CounterTableTest, EveryHeldSnapshotKeepsItsValuesThroughThinningAndReuse) {
    std::mt19937 source(7);
    const auto random = [&source] { return static_cast<uint32_t>(source()); };
    constexpr uint32_t kSites = 300;
    for (int step = 0; step < 60000; ++step) {
        // Few sites are busy, most are touched now and then.
        allocate(1 + (random() % 4 != 0 ? random() % 10 : random() % kSites));
        if (random() % 40 != 0) continue;
        const uint32_t kind = random() % 50;
        snapshot(kind == 0   ? SnapshotKind::requested
                 : kind < 10 ? SnapshotKind::peak
                             : SnapshotKind::scheduled);
    }
    const std::set<uint32_t> numbers = held();
    ASSERT_GE(numbers.size(), 48u);
    for (const uint32_t number : numbers)
        for (uint32_t site = 1; site <= kSites; ++site)
            ASSERT_EQ(value_at(site, number), truth_[number][site])
                << "site " << site << " @" << number;
}

TEST_F(CounterTableTest, TheUndoLogDoesNotGrowWithTheRun) {
    const auto run = [this](int steps) {
        for (int step = 0; step < steps; ++step) {
            for (uint32_t site = 1; site <= 50; ++site) allocate(site);
            snapshot(SnapshotKind::scheduled);
        }
        return undo_entries().size();
    };
    const size_t early = run(200);
    EXPECT_LE(run(3000), 2 * early);
    EXPECT_LE(early, 50 * 2 * kMaxScheduled);
}

TEST_F(CounterTableTest, ASiteBornAfterASnapshotIsNotInIt) {
    allocate(1);
    snapshot(SnapshotKind::requested);
    const uint32_t number = epoch();
    allocate(2);
    EXPECT_EQ(value_at(1, number), 1u);
    EXPECT_EQ(value_at(2, number), 0u);
}

}  // namespace
}  // namespace heapdrift
