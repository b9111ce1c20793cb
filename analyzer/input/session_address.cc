#include "analyzer/input/session_address.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "analyzer/model/failure.h"

namespace heapdrift::input {

namespace {

std::optional<uint32_t> parse_number(const std::string& text) {
    uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc{} || parsed != end) return std::nullopt;
    return number;
}

bool exists(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
}

std::string describe(const model::SnapshotInfo& snapshot) {
    return fmt::format("@{} ({:.1f} s)", snapshot.number, snapshot.seconds);
}

[[noreturn]] void throw_no_number(uint32_t number,
                                  const std::vector<model::SnapshotInfo>& snapshots,
                                  uint32_t last_number) {
    if (snapshots.empty())
        throw Failure(fmt::format("there is no snapshot @{}: the session holds none", number));
    if (number > last_number)
        throw Failure(fmt::format("there is no snapshot @{}: the last one is {}", number,
                                  describe(snapshots.back())));
    const auto after =
        std::ranges::lower_bound(snapshots, number, {}, &model::SnapshotInfo::number);
    std::string neighbours;
    if (after != snapshots.begin()) neighbours = describe(*(after - 1));
    if (after != snapshots.end())
        neighbours += (neighbours.empty() ? "" : " and ") + describe(*after);
    throw Failure(fmt::format(
        "snapshot @{} is not held any more (the schedule thins itself out); its neighbours: {}",
        number, neighbours));
}

std::string known_labels(const std::vector<model::SnapshotInfo>& snapshots) {
    std::string labels;
    for (const model::SnapshotInfo& snapshot : snapshots)
        if (!snapshot.label.empty()) labels += " @" + snapshot.label;
    return labels.empty() ? "no snapshot has a label" : "there are:" + labels;
}

}  // namespace

SessionAddress parse_session_address(const std::string& text) {
    SessionAddress address;
    address.file = text;
    const size_t at = text.rfind('@');
    if (at != std::string::npos && !exists(text)) {
        address.file = text.substr(0, at);
        address.point = text.substr(at + 1);
        if (address.point.empty())
            throw UsageFailure(
                fmt::format("'{}': a snapshot's number or label is missing behind "
                            "the @",
                            text));
    }
    if (address.file.empty())
        throw UsageFailure(fmt::format("'{}': a file or a pid is missing", text));
    if (!exists(address.file)) {
        address.pid = parse_number(address.file);
        if (address.pid) address.file.clear();
    }
    return address;
}

std::optional<model::SnapshotInfo> find_point(const std::string& point,
                                              const std::vector<model::SnapshotInfo>& snapshots,
                                              uint32_t last_number) {
    if (point == "last" || point == "end") return std::nullopt;
    if (point == "peak") {
        for (const model::SnapshotInfo& snapshot : snapshots)
            if (snapshot.kind == SnapshotKind::peak) return snapshot;
        throw Failure("there is no snapshot @peak: live memory never rose far enough to take one");
    }
    if (const auto number = parse_number(point)) {
        for (const model::SnapshotInfo& snapshot : snapshots)
            if (snapshot.number == *number) return snapshot;
        throw_no_number(*number, snapshots, last_number);
    }
    // The newest of several with one label.
    const auto found =
        std::find_if(snapshots.rbegin(), snapshots.rend(),
                     [&](const model::SnapshotInfo& snapshot) { return snapshot.label == point; });
    if (found == snapshots.rend())
        throw Failure(fmt::format("there is no snapshot @{}; {}", point, known_labels(snapshots)));
    return *found;
}

}  // namespace heapdrift::input
