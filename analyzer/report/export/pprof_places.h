// The tables of a profile.proto that samples refer to: strings, functions, locations, mappings.
#pragma once

#include <cstdint>
#include <map>
#include <protozero/pbf_builder.hpp>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "analyzer/model/pprof_format.h"
#include "analyzer/report/export/frame_numbers.h"
#include "analyzer/report/export/module_layout.h"

namespace heapdrift::report::pprof {

using model::pprof::Function;
using model::pprof::Label;
using model::pprof::Line;
using model::pprof::Location;
using model::pprof::Mapping;
using model::pprof::Profile;
using model::pprof::Sample;
using model::pprof::ValueType;

using ProfileBuilder = protozero::pbf_builder<Profile>;

class Places {
public:
    Places() { texts_.number(""); }

    // What is asked for below must be of documents that were added before, whose profiles outlive
    // the places.
    void add(const ExportDocument& document) { layout_.add(document); }

    // Index in the table of strings. Bytes that are not UTF-8, which the format wants, become
    // U+FFFD.
    int64_t text(const std::string& text);
    // Location ids of a site, innermost first.
    std::vector<uint64_t> stack(const model::Profile& profile, const model::Site& site);

    // Mappings, locations, functions, and, since those name them, the strings last.
    void write(ProfileBuilder& out);

private:
    struct SourceLine {
        uint64_t function = 0;
        uint32_t line = 0;
    };
    struct CodeLocation {
        uint64_t mapping = 0;  // 0: in no module
        uint64_t address = 0;
        std::vector<SourceLine> lines;
    };
    struct SourceFunction {
        int64_t name = 0;
        int64_t file = 0;
    };
    // What is known of a mapping's locations: pprof looks up itself what no mapping says.
    struct Known {
        bool functions = false;
        bool files = false;
        bool lines = false;
        bool inlined = false;
    };

    uint64_t location(const model::Profile& profile, uint32_t number);
    uint64_t marker(const std::string& name);
    uint64_t function(const std::string& name, const std::string& file);
    void write_mappings(ProfileBuilder& out);

    ModuleLayout layout_;
    TextTable texts_;
    std::vector<Known> known_;               // by mapping
    std::vector<CodeLocation> locations_;    // id - 1
    std::vector<SourceFunction> functions_;  // id - 1
    std::map<std::pair<int64_t, int64_t>, uint64_t> function_ids_;
    std::map<std::tuple<uint64_t, uint64_t, FrameKind>, uint64_t> location_ids_;
    std::unordered_map<std::string, uint64_t> marker_ids_;
    // By address of a profile, the location's id; 0: not asked for yet.
    std::unordered_map<const model::Profile*, std::vector<uint64_t>> ids_of_addresses_;
};

}  // namespace heapdrift::report::pprof
