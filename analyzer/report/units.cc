#include "analyzer/report/units.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace heapdrift::report {

namespace {

uint64_t magnitude(int64_t number) {
    return number < 0 ? uint64_t{0} - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
}

}  // namespace

std::string format_bytes(uint64_t bytes) {
    constexpr std::array<const char*, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto size = static_cast<double>(bytes);
    size_t unit = 0;
    while (size >= 10 * 1024 && unit + 1 < kUnits.size()) {
        size /= 1024;
        ++unit;
    }
    return unit > 0 && size < 100 ? fmt::format("{:.1f} {}", size, kUnits[unit])
                                  : fmt::format("{:.0f} {}", size, kUnits[unit]);
}

std::string format_bytes_delta(int64_t bytes) {
    return (bytes < 0 ? "-" : "+") + format_bytes(magnitude(bytes));
}

std::string format_count(uint64_t count) {
    std::string digits = fmt::format("{}", count);
    for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
    return digits;
}

std::string format_count_delta(int64_t count) {
    return (count < 0 ? "-" : "+") + format_count(magnitude(count));
}

std::string format_seconds(double seconds) {
    if (seconds < 0.1) return fmt::format("{:.1f} ms", seconds * 1000);
    if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
    if (seconds < 120) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<uint64_t>(seconds);
    if (whole < 7200) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string format_percent(uint64_t part, uint64_t whole) {
    if (whole == 0) return "-";
    return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string format_time(uint64_t realtime_ns) {
    const auto seconds = static_cast<time_t>(realtime_ns / 1'000'000'000);
    tm utc;
    if (gmtime_r(&seconds, &utc) == nullptr) return "unknown time";
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace heapdrift::report
