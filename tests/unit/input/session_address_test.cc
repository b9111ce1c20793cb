#include "analyzer/input/session_address.h"

#include <gtest/gtest.h>

#include <fstream>

#include "analyzer/model/failure.h"

namespace heapdrift::input {
namespace {

model::SnapshotInfo snapshot(uint32_t number, SnapshotKind kind = SnapshotKind::scheduled,
                             std::string label = "") {
    model::SnapshotInfo info;
    info.number = number;
    info.kind = kind;
    info.label = std::move(label);
    info.seconds = number;
    return info;
}

std::string failure_of(const std::string& point,
                       const std::vector<model::SnapshotInfo>& snapshots) {
    try {
        find_point(point, snapshots, 40);
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "";
}

TEST(SessionAddress, SplitsFileAndPoint) {
    const SessionAddress plain = parse_session_address("server.heapdrift");
    EXPECT_EQ(plain.file, "server.heapdrift");
    EXPECT_EQ(plain.point, "last");
    const SessionAddress at = parse_session_address("server.heapdrift@warm");
    EXPECT_EQ(at.file, "server.heapdrift");
    EXPECT_EQ(at.point, "warm");
    EXPECT_EQ(parse_session_address("4711@7").pid, 4711u);
    EXPECT_THROW(parse_session_address("x@"), UsageFailure);
    EXPECT_THROW(parse_session_address("@7"), UsageFailure);
}

TEST(SessionAddress, AFileOfThatNameWins) {
    const std::string path = ::testing::TempDir() + "a@b";
    std::ofstream(path) << "x";
    EXPECT_EQ(parse_session_address(path).file, path);
    EXPECT_EQ(parse_session_address(path + "@7").point, "7");
}

TEST(SessionAddress, FindsPoints) {
    const std::vector<model::SnapshotInfo> held = {
        snapshot(2), snapshot(4, SnapshotKind::requested, "warm"), snapshot(5, SnapshotKind::peak),
        snapshot(8, SnapshotKind::requested, "warm")};
    EXPECT_EQ(find_point("last", held, 40), std::nullopt);
    EXPECT_EQ(find_point("4", held, 40)->number, 4u);
    EXPECT_EQ(find_point("warm", held, 40)->number, 8u);
    EXPECT_EQ(find_point("peak", held, 40)->number, 5u);
}

TEST(SessionAddress, AThinnedNumberNamesItsNeighbours) {
    const std::vector<model::SnapshotInfo> held = {snapshot(2), snapshot(4), snapshot(8)};
    const std::string message = failure_of("6", held);
    EXPECT_NE(message.find("@4 (4.0 s) and @8 (8.0 s)"), std::string::npos) << message;
    EXPECT_NE(failure_of("1", held).find("neighbours: @2"), std::string::npos);
    EXPECT_NE(failure_of("41", held).find("the last one is @8"), std::string::npos);
    EXPECT_NE(failure_of("cold", held).find("no snapshot has a label"), std::string::npos);
    EXPECT_NE(failure_of("peak", held).find("no snapshot @peak"), std::string::npos);
}

}  // namespace
}  // namespace heapdrift::input
