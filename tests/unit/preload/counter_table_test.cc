#include "preload/counter_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "core/snapshot_table.h"
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
        // Of some sites the values soon need larger undo entries.
        const uint64_t amount = site % 7 == 0 ? uint64_t{1} << 28 : 1;
        cell->allocations.store(cell->allocations.load() + amount);
        now_[site] += amount;
    }

    void snapshot(SnapshotKind kind) {
        SnapshotDescriptor filled{};
        filled.kind = kind;
        const uint32_t number = raw(open_snapshot(session_.file().header(), filled));
        if (number != 0) truth_[number] = now_;
    }

    uint32_t epoch() { return epoch_of(session_.file().control().moment.load()); }

    // Blocks know their birth generation; the deallocation of an older one is counted by its age.
    void allocate_block(uint32_t site) {
        allocate(site);
        live_.push_back({site, generation()});
    }
    void free_block(size_t index) {
        const Block block = live_[index];
        live_[index] = live_.back();
        live_.pop_back();
        const uint64_t moment = session_.file().control().moment.load();
        Cell* cell = table_->touch(SiteId{block.site}, epoch_of(moment));
        ASSERT_NE(cell, nullptr);
        cell->deallocations.store(cell->deallocations.load() + 1);
        if (block.born != generation_of(moment))
            table_->count_aged(*cell, SiteId{block.site}, block.born, moment, 1, 10);
    }
    uint32_t generation() { return generation_of(session_.file().control().moment.load()); }

    // Deallocations by (site, born, freed), as far as they are kept.
    std::map<std::array<uint32_t, 3>, uint64_t> aged() {
        std::map<std::array<uint32_t, 3>, uint64_t> counts;
        each_page(PageKind::aged, [&](uint32_t, void* page) {
            for (uint32_t i = 0; i < kAgedPerPage; ++i) {
                const AgedDeallocations& entry = static_cast<AgedDeallocations*>(page)[i];
                const uint64_t key = entry.key.load();
                if (key == 0) continue;
                ++aged_entries_;
                EXPECT_EQ(entry.deallocated_bytes.load(), 10 * entry.deallocations.load());
                counts[{aged_site(key), aged_born(key), aged_freed(key)}] +=
                    entry.deallocations.load();
            }
        });
        return counts;
    }

    std::set<uint32_t> held() {
        std::set<uint32_t> numbers;
        for (const SnapshotDescriptor& snapshot : session_.file().header().snapshots)
            if (snapshot.state.load() == SnapshotState::held) numbers.insert(snapshot.number);
        return numbers;
    }

    uint64_t value_at(uint32_t site, uint32_t number) {
        return value_at(site, number, undo_entries());
    }
    uint64_t value_at(uint32_t site, uint32_t number, const std::vector<EarlierValues>& entries) {
        for (const EarlierValues& earlier : entries)
            if (earlier.site == site && earlier.since < number && number <= earlier.until)
                return earlier.values.allocations;
        const Cell* cell = cell_of(site);
        if (cell == nullptr || cell->epoch.load() >= number) return 0;
        return cell->allocations.load();
    }

    std::vector<EarlierValues> undo_entries() {
        std::vector<EarlierValues> all;
        add_undo_entries<SmallUndoEntry>(PageKind::small_undo, all);
        small_entries_ = all.size();
        add_undo_entries<MediumUndoEntry>(PageKind::medium_undo, all);
        medium_entries_ = all.size() - small_entries_;
        add_undo_entries<UndoEntry>(PageKind::undo, all);
        return all;
    }
    template <typename Entry>
    void add_undo_entries(PageKind kind, std::vector<EarlierValues>& all) {
        each_page(kind, [&](uint32_t, void* page) {
            for (uint32_t i = 0; i < kPageSize / sizeof(Entry); ++i) {
                const Entry& entry = static_cast<Entry*>(page)[i];
                if (const uint32_t until = entry.until.load(); until != 0)
                    all.push_back(entry.read(until));
            }
        });
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
    struct Block {
        uint32_t site;
        uint32_t born;
    };
    std::vector<Block> live_;
    size_t aged_entries_ = 0;
    size_t small_entries_ = 0;
    size_t medium_entries_ = 0;
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
    const std::vector<EarlierValues> entries = undo_entries();
    for (const uint32_t number : numbers)
        for (uint32_t site = 1; site <= kSites; ++site)
            ASSERT_EQ(value_at(site, number, entries), truth_[number][site])
                << "site " << site << " @" << number;
    // All sizes have been in use.
    EXPECT_LT(small_entries_ + medium_entries_, entries.size());
    EXPECT_GT(small_entries_, 0u);
    EXPECT_GT(medium_entries_, 0u);
}

TEST_F(CounterTableTest, TheUndoLogDoesNotGrowWithTheRun) {
    const auto run = [this](int steps) {
        for (int step = 0; step < steps; ++step) {
            for (uint32_t site = 1; site <= 50; ++site) allocate(site);
            snapshot(SnapshotKind::scheduled);
        }
        return undo_entries().size();
    };
    const size_t small = run(200);
    EXPECT_LE(small, 50 * 2 * kMaxScheduled);
    // By then all values have outgrown the small entries, of which no more are begun.
    const size_t early = run(1300);
    EXPECT_LE(early, small + 50 * 2 * kMaxScheduled);
    EXPECT_LE(run(3000), early + small);
}

// What a program of many sites had at earlier snapshots is many times what it has now.
TEST_F(CounterTableTest, FullPagesOfTheUndoLogAreNotHeldInMemory) {
    constexpr uint32_t kSites = 40000;
    const auto touch_all = [this] {
        for (uint32_t site = 1; site <= kSites; ++site) allocate(site);
        snapshot(SnapshotKind::scheduled);
    };
    touch_all();
    const uint64_t before = session_.resident_bytes();
    for (int round = 0; round < 5; ++round) touch_all();
    const uint64_t after = session_.resident_bytes();
    const std::vector<EarlierValues> entries = undo_entries();
    ASSERT_EQ(entries.size(), 5 * kSites);
    constexpr uint64_t kLogsMiB = 1;
    static_assert(5 * kSites * sizeof(SmallUndoEntry) > 3 * (kLogsMiB << 20));
    EXPECT_LT(after, before + (kLogsMiB << 20));
    for (const uint32_t site : {1u, 7u, kSites})
        EXPECT_EQ(value_at(site, 3, entries), truth_[3][site]);
}

// Between held scheduled snapshots lie the intervals in which blocks are told apart. With the
// counters, which the tests above check, the matrix of deaths by interval of birth and of
// deallocation says everything of survivors and lifetimes; its diagonal is what is left of them.
TEST_F(CounterTableTest, DeallocationsAreToldApartByTheIntervalsOfBirthAndDeath) {
    std::mt19937 source(11);
    const auto random = [&source](size_t below) { return source() % below; };
    std::map<std::array<uint32_t, 3>, uint64_t> truth;  // by site and raw generations
    constexpr uint32_t kSites = 40;
    for (uint32_t site = 1; site <= kSites; ++site) session_.file().add_site();
    for (int step = 0; step < 100'000; ++step) {
        const auto site = static_cast<uint32_t>(1 + random(kSites));
        allocate_block(site);
        // Half die young, some at any age, the rest never.
        const size_t kind = random(10);
        if (kind < 8) {
            const size_t at = kind < 5
                                  ? live_.size() - 1 - random(std::min<size_t>(live_.size(), 90))
                                  : random(live_.size());
            ++truth[{live_[at].site, live_[at].born, generation()}];
            free_block(at);
        }
        if (random(300) == 0) snapshot(SnapshotKind::scheduled);
        if (random(3000) == 0) snapshot(SnapshotKind::peak);
    }
    std::set<uint32_t> divisions;
    for (const SnapshotDescriptor& snapshot : session_.file().header().snapshots)
        if (snapshot.state.load() == SnapshotState::held &&
            snapshot.kind == SnapshotKind::scheduled)
            divisions.insert(snapshot.generation);
    ASSERT_GE(divisions.size(), 48u);
    const auto by_interval = [&](const std::map<std::array<uint32_t, 3>, uint64_t>& counts) {
        std::map<std::array<uint32_t, 3>, uint64_t> sums;
        for (const auto& [key, count] : counts) {
            const auto interval = [&](uint32_t generation) {
                const auto next = divisions.upper_bound(generation);
                return static_cast<uint32_t>(std::distance(divisions.begin(), next));
            };
            const uint32_t born = interval(key[1]);
            const uint32_t freed = interval(key[2]);
            if (born != freed) sums[{key[0], born, freed}] += count;
        }
        return sums;
    };
    EXPECT_EQ(by_interval(aged()), by_interval(truth));
    for (uint32_t site = 1; site <= kSites; ++site)
        EXPECT_EQ(session_.file().site(site).ages_incomplete.load(), 0);
}

// Blocks that live just over the end of a generation are the ordinary case.
TEST_F(CounterTableTest, AgesDoNotGrowWithTheRun) {
    const auto run = [this](int steps) {
        for (int step = 0; step < steps; ++step) {
            for (uint32_t site = 1; site <= 50; ++site) allocate_block(site);
            snapshot(SnapshotKind::scheduled);
            while (!live_.empty()) free_block(live_.size() - 1);
        }
        aged_entries_ = 0;
        aged();
        return aged_entries_;
    };
    const size_t early = run(200);
    EXPECT_LE(run(700), 2 * early);
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
