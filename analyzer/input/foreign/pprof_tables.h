// The bytes of a profile.proto, decoded and checked: every number of a string, function, mapping
// or location that is handed out is one that is there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heapdrift::input {

class PprofTables {
public:
    struct SampleType {
        std::string_view type;
        std::string_view unit;
    };
    struct Mapping {
        uint64_t start = 0;
        uint64_t limit = 0;
        uint64_t file_offset = 0;
        std::string_view path;
        std::string_view build_id;
    };
    struct SourceLine {
        std::string_view function;
        std::string_view file;
        uint32_t line = 0;
    };
    struct CodeLocation {
        size_t mapping = kNoMapping;    // index
        uint64_t address = 0;           // inside the call
        std::vector<SourceLine> lines;  // the innermost of inlined ones first
    };
    struct Sample {
        std::vector<size_t> locations;  // indices, innermost first
        std::vector<int64_t> values;    // by sample type
        std::vector<std::pair<std::string_view, std::string_view>> labels;  // those with text
        const char* place;                                                  // for fail()
    };
    static constexpr size_t kNoMapping = ~size_t{0};

    // Views into `message`, which must outlive the tables. `name` is for messages. Throws Failure.
    PprofTables(std::string_view message, std::string name);

    const std::vector<SampleType>& sample_types() const { return sample_types_; }
    const std::vector<Mapping>& mappings() const { return mappings_; }
    const std::vector<CodeLocation>& locations() const { return locations_; }
    size_t sample_count() const { return samples_.size(); }
    // Throws Failure for one that is damaged.
    Sample sample(size_t index) const;
    SampleType period_type() const { return period_type_; }
    int64_t period() const { return period_; }
    int64_t time_ns() const { return time_ns_; }
    int64_t duration_ns() const { return duration_ns_; }

    const char* begin() const { return message_.data(); }
    // Throws Failure with the byte of the message and what should be there.
    [[noreturn]] void fail(const char* place, std::string_view expected) const;

private:
    using Views = std::vector<std::string_view>;
    struct Parts;

    std::string_view text(int64_t index, std::string_view part) const;
    SampleType sample_type(std::string_view part) const;
    void read_mappings(const Views& parts);
    void read_functions(const Views& parts);
    void read_locations(const Views& parts);
    SourceLine source_line(std::string_view part) const;
    Sample decode_sample(std::string_view part) const;
    template <typename Decode>
    auto decoded(std::string_view part, Decode decode) const;

    std::string_view message_;
    std::string name_;
    Views strings_;
    Views samples_;
    std::vector<SampleType> sample_types_;
    std::vector<Mapping> mappings_;
    std::vector<CodeLocation> locations_;
    std::unordered_map<uint64_t, SourceLine> functions_;  // without a line
    std::unordered_map<uint64_t, size_t> mapping_indices_;
    std::unordered_map<uint64_t, size_t> location_indices_;
    SampleType period_type_;
    int64_t period_ = 0;
    int64_t time_ns_ = 0;
    int64_t duration_ns_ = 0;
};

// Whether the bytes are the beginning of such a message: the type of a sample.
bool begins_as_pprof(std::string_view bytes);

}  // namespace heapdrift::input
