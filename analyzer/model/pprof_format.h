// Field numbers of perftools.profiles.Profile (github.com/google/pprof, proto/profile.proto), which
// readers of the format rely on. Strings are indices into Profile.string_table, whose first is "".
#pragma once

#include <cstdint>

namespace heapdrift::model::pprof {

enum class Profile : uint32_t {
    sample_type = 1,
    sample = 2,
    mapping = 3,
    location = 4,
    function = 5,
    string_table = 6,
    drop_frames = 7,
    time_nanos = 9,
    duration_nanos = 10,
    period_type = 11,
    period = 12,
    comment = 13,
    default_sample_type = 14,
};

enum class ValueType : uint32_t { type = 1, unit = 2 };

enum class Sample : uint32_t { location_id = 1, value = 2, label = 3 };

enum class Label : uint32_t { key = 1, str = 2 };

enum class Mapping : uint32_t {
    id = 1,
    memory_start = 2,
    memory_limit = 3,
    file_offset = 4,
    filename = 5,
    build_id = 6,
    has_functions = 7,
    has_filenames = 8,
    has_line_numbers = 9,
    has_inline_frames = 10,
};

enum class Location : uint32_t { id = 1, mapping_id = 2, address = 3, line = 4 };

enum class Line : uint32_t { function_id = 1, line = 2 };

enum class Function : uint32_t { id = 1, name = 2, system_name = 3, filename = 4 };

}  // namespace heapdrift::model::pprof
