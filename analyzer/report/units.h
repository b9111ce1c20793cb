// Numbers as a reader of text wants them. Machine output has plain integers instead.
#pragma once

#include <cstdint>
#include <string>

namespace heapdrift::report {

// "9999 B", "10.0 KiB", "373 KiB": IEC units, stepped as tracemalloc steps them, at 10 times the
// next unit, so that three digits at least are always there.
std::string format_bytes(uint64_t bytes);
std::string format_bytes_delta(int64_t bytes);  // with its sign, "+0 B" too
std::string format_count(uint64_t count);       // "2,905,522"
std::string format_count_delta(int64_t count);
std::string format_seconds(double seconds);                 // "6.2 s", "12 min 05 s", "3 h 12 min"
std::string format_percent(uint64_t part, uint64_t whole);  // "50.9 %", "-" of nothing
std::string format_time(uint64_t realtime_ns);              // "2026-01-31 12:00:00 UTC"

}  // namespace heapdrift::report
