#include "analyzer/input/scan_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

using testing::SessionBuilder;

class ScanReader : public ::testing::Test {
protected:
    ScanReader() { site_ = session_.add_stack({0x1100, 0x1200}); }

    // A segment with one row, of `site_`, with so many blocks lost.
    ScanSegment& add(uint32_t number, uint64_t lost, uint32_t flags = kScanConfirmed,
                     uint32_t part = 0, uint32_t parts = 1) {
        ScanSegment& segment = session_.add_scan_segment();
        segment.scan.number = number;
        segment.scan.flags = flags;
        segment.scan.part = part;
        segment.scan.parts = parts;
        segment.scan.time_ns = 1'000'000'000ull * number;
        segment.scan.rows = 1;
        segment.scan.totals[0] = {lost, 10 * lost};
        segment.rows[0].site = part == 0 ? site_ : ~uint32_t{0};
        segment.rows[0].kinds[0] = {lost, 10 * lost};
        segment.scan.state.store(ScanState::complete);
        return segment;
    }
    std::optional<ScanResult> read() { return read_last_scan(SessionView(session_.bytes())); }
    uint64_t lost() {
        const std::optional<ScanResult> result = read();
        return result ? result->sites.at(site_).of(Reach::direct).blocks : 0;
    }

    SessionBuilder session_;
    uint32_t site_ = 0;
};

TEST_F(ScanReader, NothingWithoutAScan) {
    EXPECT_FALSE(read());
}

TEST_F(ScanReader, ReadsCountsBySite) {
    add(1, 3);
    const std::optional<ScanResult> result = read();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->scan.number, 1u);
    EXPECT_TRUE(result->scan.confirmed);
    EXPECT_DOUBLE_EQ(result->scan.seconds, 1.0);
    EXPECT_EQ(result->scan.totals.lost(), (model::BlockCount{3, 30}));
    EXPECT_EQ(result->sites.at(site_).of(Reach::direct), (model::BlockCount{3, 30}));
}

TEST_F(ScanReader, OlderRecordersSayNothingOfDevices) {
    add(1, 3);
    EXPECT_FALSE(read()->scan.judges(Domain::cuda_device));
    EXPECT_TRUE(read()->scan.judges(Domain::heap));
}

TEST_F(ScanReader, DevicesHaveTotalsOfTheirOwn) {
    add(1, 3, kScanConfirmed | kScanDevices).scan.device_totals[3] = {5, 50};
    EXPECT_TRUE(read()->scan.judges(Domain::cuda_pool));
    EXPECT_FALSE(read()->scan.judges(Domain::cuda_imported));
    EXPECT_TRUE(read()->scan.is_certain_of(Domain::cuda_pool));
    EXPECT_EQ(read()->scan.device_totals.of(Reach::reachable), (model::BlockCount{5, 50}));
    add(2, 3, kScanConfirmed | kScanDevices | kScanDevicesUnseen);
    EXPECT_FALSE(read()->scan.is_certain_of(Domain::cuda_pool));
    EXPECT_TRUE(read()->scan.is_certain_of(Domain::heap));
}

TEST_F(ScanReader, TheLastNumberCounts) {
    add(2, 7);
    add(1, 3);
    EXPECT_EQ(lost(), 7u);
}

TEST_F(ScanReader, OfOneNumberTheConfirmedCounts) {
    add(1, 3, kScanConfirmed).scan.time_ns = 5;
    add(1, 9, 0).scan.time_ns = 4;
    EXPECT_EQ(lost(), 3u);
}

TEST_F(ScanReader, OneThatIsBeingWrittenIsNone) {
    add(1, 3);
    add(2, 7).scan.state.store(ScanState::writing);
    EXPECT_EQ(lost(), 3u);
}

TEST_F(ScanReader, OneOfWhichAPartIsMissingIsNone) {
    add(1, 3);
    add(2, 7, kScanConfirmed, 0, 2);
    EXPECT_EQ(lost(), 3u);
    add(2, 7, kScanConfirmed, 1, 2);
    EXPECT_EQ(lost(), 7u);
}

TEST_F(ScanReader, RowsAndSitesBeyondAllBoundsAreLeftOut) {
    ScanSegment& segment = add(1, 3);
    segment.scan.rows = ~uint32_t{0};
    segment.rows[1].site = 0x7fffffff;
    segment.scan.occasion = static_cast<ScanOccasion>(99);
    EXPECT_EQ(lost(), 3u);
}

}  // namespace
}  // namespace heapdrift::input
