// A small heap profile in pprof's format, each part of which can be made wrong: two functions, one
// with an address in a module and one with a name alone.
#pragma once

#include <cstdint>
#include <protozero/pbf_builder.hpp>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/model/pprof_format.h"

namespace heapdrift::testing {

struct PprofBuilder {
    struct Sample {
        std::vector<uint64_t> locations;
        std::vector<int64_t> values;
        std::pair<std::string, std::string> label = {"domain", "heap"};
    };

    std::vector<std::pair<std::string, std::string>> types = {{"alloc_objects", "count"},
                                                              {"alloc_space", "bytes"},
                                                              {"inuse_objects", "count"},
                                                              {"inuse_space", "bytes"}};
    std::vector<Sample> samples = {{{1, 2}, {100, 102400, 90, 92160}}};
    std::vector<uint64_t> mappings = {1};
    std::vector<uint64_t> locations = {1, 2};
    std::vector<uint64_t> functions = {1, 2};
    uint64_t mapping_of_first = 1;
    uint64_t function_of_first = 1;
    int64_t file_of_functions = -1;  // a number of no string; -1: the right one
    std::string first_string;
    int64_t period = 1;

    std::string bytes() {
        namespace pprof = model::pprof;
        std::string result;
        protozero::pbf_builder<pprof::Profile> out(result);
        strings_ = {first_string};
        for (const auto& [type, unit] : types)
            write_type(out, pprof::Profile::sample_type, type, unit);
        for (const Sample& each : samples) {
            protozero::pbf_builder<pprof::Sample> sample(out, pprof::Profile::sample);
            sample.add_packed_uint64(pprof::Sample::location_id, each.locations.begin(),
                                     each.locations.end());
            sample.add_packed_int64(pprof::Sample::value, each.values.begin(), each.values.end());
            protozero::pbf_builder<pprof::Label> label(sample, pprof::Sample::label);
            label.add_int64(pprof::Label::key, text(each.label.first));
            label.add_int64(pprof::Label::str, text(each.label.second));
        }
        for (const uint64_t id : mappings) {
            protozero::pbf_builder<pprof::Mapping> mapping(out, pprof::Profile::mapping);
            mapping.add_uint64(pprof::Mapping::id, id);
            mapping.add_uint64(pprof::Mapping::memory_start, 0x401000);
            mapping.add_uint64(pprof::Mapping::memory_limit, 0x405000);
            mapping.add_uint64(pprof::Mapping::file_offset, 0x1000);
            mapping.add_int64(pprof::Mapping::filename, text("/no/such/server"));
            mapping.add_int64(pprof::Mapping::build_id, text("aa11"));
        }
        for (size_t i = 0; i < locations.size(); ++i) {
            protozero::pbf_builder<pprof::Location> location(out, pprof::Profile::location);
            location.add_uint64(pprof::Location::id, locations[i]);
            if (i == 0) location.add_uint64(pprof::Location::mapping_id, mapping_of_first);
            if (i == 0) location.add_uint64(pprof::Location::address, 0x401144);
            protozero::pbf_builder<pprof::Line> line(location, pprof::Location::line);
            line.add_uint64(pprof::Line::function_id, i == 0 ? function_of_first : 2);
            line.add_int64(pprof::Line::line, 42);
        }
        for (const uint64_t id : functions) {
            protozero::pbf_builder<pprof::Function> function(out, pprof::Profile::function);
            function.add_uint64(pprof::Function::id, id);
            function.add_int64(pprof::Function::name, text(id == 1 ? "cache_put" : "handler.py"));
            function.add_int64(pprof::Function::filename,
                               file_of_functions < 0 ? text("put.cc") : file_of_functions);
        }
        write_type(out, pprof::Profile::period_type, "space", "bytes");
        out.add_int64(pprof::Profile::period, period);
        out.add_int64(pprof::Profile::time_nanos, 5'000'000'000);
        out.add_int64(pprof::Profile::duration_nanos, 2'000'000'000);
        for (const std::string& each : strings_) out.add_string(pprof::Profile::string_table, each);
        return result;
    }

private:
    using Out = protozero::pbf_builder<model::pprof::Profile>;

    void write_type(Out& out, model::pprof::Profile field, const std::string& type,
                    const std::string& unit) {
        protozero::pbf_builder<model::pprof::ValueType> value(out, field);
        value.add_int64(model::pprof::ValueType::type, text(type));
        value.add_int64(model::pprof::ValueType::unit, text(unit));
    }

    int64_t text(const std::string& wanted) {
        for (size_t i = 1; i < strings_.size(); ++i)
            if (strings_[i] == wanted) return static_cast<int64_t>(i);
        strings_.push_back(wanted);
        return static_cast<int64_t>(strings_.size()) - 1;
    }

    std::vector<std::string> strings_;
};

}  // namespace heapdrift::testing
