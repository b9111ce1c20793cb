#include "analyzer/input/foreign/pprof_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <protozero/pbf_message.hpp>

#include "analyzer/model/failure.h"
#include "analyzer/model/pprof_format.h"

namespace heapdrift::input {

namespace {

namespace pprof = model::pprof;
using protozero::pbf_wire_type;

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kBytes = pbf_wire_type::length_delimited;

// For a switch over fields: one with another wire type than its own is none of them.
template <typename Field>
constexpr uint32_t field(Field number, pbf_wire_type type) {
    return protozero::tag_and_type(number, type);
}

std::string_view view_of(const protozero::data_view& data) {
    return {data.data(), data.size()};
}

template <typename Field>
protozero::pbf_message<Field> message_of(std::string_view bytes) {
    return protozero::pbf_message<Field>(bytes.data(), bytes.size());
}

}  // namespace

// What the message consists of, by field. Tables name each other, and strings come last.
struct PprofTables::Parts {
    Views sample_types;
    Views mappings;
    Views locations;
    Views functions;
    std::string_view period_type;
};

PprofTables::PprofTables(std::string_view message, std::string name)
    : message_(message), name_(std::move(name)) {
    Parts parts;
    auto fields = message_of<pprof::Profile>(message_);
    const char* place = message_.data();
    try {
        for (; fields.next(); place = fields.data().data()) {
            switch (fields.tag_and_type()) {
                case field(pprof::Profile::sample_type, kBytes):
                    parts.sample_types.push_back(view_of(fields.get_view()));
                    break;
                case field(pprof::Profile::sample, kBytes):
                    samples_.push_back(view_of(fields.get_view()));
                    break;
                case field(pprof::Profile::mapping, kBytes):
                    parts.mappings.push_back(view_of(fields.get_view()));
                    break;
                case field(pprof::Profile::location, kBytes):
                    parts.locations.push_back(view_of(fields.get_view()));
                    break;
                case field(pprof::Profile::function, kBytes):
                    parts.functions.push_back(view_of(fields.get_view()));
                    break;
                case field(pprof::Profile::string_table, kBytes):
                    strings_.push_back(view_of(fields.get_view()));
                    break;
                case field(pprof::Profile::time_nanos, kVarint):
                    time_ns_ = fields.get_int64();
                    break;
                case field(pprof::Profile::duration_nanos, kVarint):
                    duration_ns_ = fields.get_int64();
                    break;
                case field(pprof::Profile::period_type, kBytes):
                    parts.period_type = view_of(fields.get_view());
                    break;
                case field(pprof::Profile::period, kVarint):
                    period_ = fields.get_int64();
                    break;
                default:
                    fields.skip();
            }
        }
    } catch (const protozero::exception&) {
        fail(place, "a whole field of pprof's format");
    }
    if (strings_.empty() || !strings_.front().empty())
        fail(strings_.empty() ? message_.data() + message_.size() : strings_.front().data(),
             "a table of strings whose first is empty");
    for (const std::string_view part : parts.sample_types)
        sample_types_.push_back(sample_type(part));
    if (!parts.period_type.empty()) period_type_ = sample_type(parts.period_type);
    read_mappings(parts.mappings);
    read_functions(parts.functions);
    read_locations(parts.locations);
}

void PprofTables::fail(const char* place, std::string_view expected) const {
    throw Failure(fmt::format("{}: byte {} of the profile: {} is expected here", name_,
                              place - message_.data(), expected));
}

template <typename Decode>
auto PprofTables::decoded(std::string_view part, Decode decode) const {
    try {
        return decode();
    } catch (const protozero::exception&) {
        fail(part.data(), "a whole record of pprof's format");
    }
}

std::string_view PprofTables::text(int64_t index, std::string_view part) const {
    if (index < 0 || static_cast<uint64_t>(index) >= strings_.size())
        fail(part.data(), "the number of a string that is there");
    return strings_[static_cast<size_t>(index)];
}

PprofTables::SampleType PprofTables::sample_type(std::string_view part) const {
    return decoded(part, [&] {
        SampleType type;
        auto fields = message_of<pprof::ValueType>(part);
        while (fields.next()) {
            if (fields.tag_and_type() == field(pprof::ValueType::type, kVarint))
                type.type = text(fields.get_int64(), part);
            else if (fields.tag_and_type() == field(pprof::ValueType::unit, kVarint))
                type.unit = text(fields.get_int64(), part);
            else
                fields.skip();
        }
        return type;
    });
}

void PprofTables::read_mappings(const Views& parts) {
    for (const std::string_view part : parts) {
        uint64_t id = 0;
        mappings_.push_back(decoded(part, [&] {
            Mapping mapping;
            auto fields = message_of<pprof::Mapping>(part);
            while (fields.next()) {
                switch (fields.tag_and_type()) {
                    case field(pprof::Mapping::id, kVarint):
                        id = fields.get_uint64();
                        break;
                    case field(pprof::Mapping::memory_start, kVarint):
                        mapping.start = fields.get_uint64();
                        break;
                    case field(pprof::Mapping::memory_limit, kVarint):
                        mapping.limit = fields.get_uint64();
                        break;
                    case field(pprof::Mapping::file_offset, kVarint):
                        mapping.file_offset = fields.get_uint64();
                        break;
                    case field(pprof::Mapping::filename, kVarint):
                        mapping.path = text(fields.get_int64(), part);
                        break;
                    case field(pprof::Mapping::build_id, kVarint):
                        mapping.build_id = text(fields.get_int64(), part);
                        break;
                    default:
                        fields.skip();
                }
            }
            return mapping;
        }));
        if (id == 0 || !mapping_indices_.emplace(id, mappings_.size() - 1).second)
            fail(part.data(), "a mapping with an id of its own");
    }
}

void PprofTables::read_functions(const Views& parts) {
    for (const std::string_view part : parts) {
        uint64_t id = 0;
        const SourceLine function = decoded(part, [&] {
            SourceLine line;
            std::string_view system_name;
            auto fields = message_of<pprof::Function>(part);
            while (fields.next()) {
                switch (fields.tag_and_type()) {
                    case field(pprof::Function::id, kVarint):
                        id = fields.get_uint64();
                        break;
                    case field(pprof::Function::name, kVarint):
                        line.function = text(fields.get_int64(), part);
                        break;
                    case field(pprof::Function::system_name, kVarint):
                        system_name = text(fields.get_int64(), part);
                        break;
                    case field(pprof::Function::filename, kVarint):
                        line.file = text(fields.get_int64(), part);
                        break;
                    default:
                        fields.skip();
                }
            }
            if (line.function.empty()) line.function = system_name;
            return line;
        });
        if (id == 0 || !functions_.emplace(id, function).second)
            fail(part.data(), "a function with an id of its own");
    }
}

PprofTables::SourceLine PprofTables::source_line(std::string_view part) const {
    uint64_t function = 0;
    int64_t line = 0;
    auto fields = message_of<pprof::Line>(part);
    while (fields.next()) {
        if (fields.tag_and_type() == field(pprof::Line::function_id, kVarint))
            function = fields.get_uint64();
        else if (fields.tag_and_type() == field(pprof::Line::line, kVarint))
            line = fields.get_int64();
        else
            fields.skip();
    }
    const auto found = functions_.find(function);
    if (found == functions_.end()) fail(part.data(), "the id of a function that is there");
    SourceLine source = found->second;
    if (line > 0 && line <= std::numeric_limits<uint32_t>::max())
        source.line = static_cast<uint32_t>(line);
    return source;
}

void PprofTables::read_locations(const Views& parts) {
    for (const std::string_view part : parts) {
        uint64_t id = 0;
        uint64_t mapping = 0;
        CodeLocation location = decoded(part, [&] {
            CodeLocation known;
            auto fields = message_of<pprof::Location>(part);
            while (fields.next()) {
                switch (fields.tag_and_type()) {
                    case field(pprof::Location::id, kVarint):
                        id = fields.get_uint64();
                        break;
                    case field(pprof::Location::mapping_id, kVarint):
                        mapping = fields.get_uint64();
                        break;
                    case field(pprof::Location::address, kVarint):
                        known.address = fields.get_uint64();
                        break;
                    case field(pprof::Location::line, kBytes):
                        known.lines.push_back(source_line(view_of(fields.get_view())));
                        break;
                    default:
                        fields.skip();
                }
            }
            return known;
        });
        if (mapping != 0) {
            const auto found = mapping_indices_.find(mapping);
            if (found == mapping_indices_.end())
                fail(part.data(), "the id of a mapping that is there");
            location.mapping = found->second;
        }
        if (id == 0 || !location_indices_.emplace(id, locations_.size()).second)
            fail(part.data(), "a location with an id of its own");
        locations_.push_back(std::move(location));
    }
}

PprofTables::Sample PprofTables::sample(size_t index) const {
    const std::string_view part = samples_[index];
    Sample sample = decoded(part, [&] { return decode_sample(part); });
    if (sample.values.size() != sample_types_.size())
        fail(part.data(), fmt::format("a sample with {} values", sample_types_.size()));
    return sample;
}

PprofTables::Sample PprofTables::decode_sample(std::string_view part) const {
    Sample sample;
    sample.place = part.data();
    const auto add_location = [&](uint64_t id) {
        const auto found = location_indices_.find(id);
        if (found == location_indices_.end())
            fail(part.data(), "the id of a location that is there");
        sample.locations.push_back(found->second);
    };
    auto fields = message_of<pprof::Sample>(part);
    while (fields.next()) {
        switch (fields.tag_and_type()) {
            case field(pprof::Sample::location_id, kBytes):
                for (const uint64_t id : fields.get_packed_uint64()) add_location(id);
                break;
            case field(pprof::Sample::location_id, kVarint):
                add_location(fields.get_uint64());
                break;
            case field(pprof::Sample::value, kBytes):
                for (const int64_t value : fields.get_packed_int64())
                    sample.values.push_back(value);
                break;
            case field(pprof::Sample::value, kVarint):
                sample.values.push_back(fields.get_int64());
                break;
            case field(pprof::Sample::label, kBytes): {
                std::string_view key;
                std::string_view value;
                auto label = message_of<pprof::Label>(view_of(fields.get_view()));
                while (label.next()) {
                    if (label.tag_and_type() == field(pprof::Label::key, kVarint))
                        key = text(label.get_int64(), part);
                    else if (label.tag_and_type() == field(pprof::Label::str, kVarint))
                        value = text(label.get_int64(), part);
                    else
                        label.skip();
                }
                sample.labels.emplace_back(key, value);
                break;
            }
            default:
                fields.skip();
        }
    }
    return sample;
}

bool begins_as_pprof(std::string_view bytes) {
    constexpr size_t kLongestType = 32;
    constexpr char kSampleType = 0x0a;  // field 1, of a length
    if (bytes.size() < 4 || bytes[0] != kSampleType) return false;
    const auto size = static_cast<uint8_t>(bytes[1]);
    if (size < 2 || size > kLongestType || bytes.size() < size + size_t{2}) return false;
    try {
        auto type = message_of<pprof::ValueType>(bytes.substr(2, size));
        while (type.next()) {
            if (type.tag_and_type() != field(pprof::ValueType::type, kVarint) &&
                type.tag_and_type() != field(pprof::ValueType::unit, kVarint))
                return false;
            type.skip();
        }
    } catch (const protozero::exception&) {
        return false;
    }
    return true;
}

}  // namespace heapdrift::input
