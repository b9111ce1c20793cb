#include "analyzer/input/foreign/pprof_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "analyzer/input/foreign/pprof_tables.h"
#include "analyzer/input/foreign/unpacker.h"
#include "analyzer/model/stack_builder.h"

namespace heapdrift::input {

namespace {

// Where the figures stand among a sample's values.
struct Columns {
    size_t live = 0;
    size_t live_bytes = 0;
    // Not all profilers count what was deallocated again.
    std::optional<size_t> all;
    std::optional<size_t> all_bytes;
};

class Reader {
public:
    Reader(const PprofTables& tables, std::string name, const UnpackLimits& limits)
        : tables_(tables), name_(std::move(name)), limits_(limits) {}

    model::Profile read(const IdentifyModule& identify) {
        columns_ = find_columns();
        read_session();
        read_modules(identify);
        model::StackBuilder builder(profile_);
        const std::vector<uint32_t> addresses = intern_locations(builder);
        std::vector<uint32_t> frames;
        for (size_t i = 0; i < tables_.sample_count(); ++i) {
            const PprofTables::Sample sample = tables_.sample(i);
            frames.clear();
            for (const size_t location : sample.locations) frames.push_back(addresses[location]);
            model::Site site;
            site.id = static_cast<uint32_t>(i) + 1;
            site.domain = domain_of(sample);
            site.figures = figures_of(sample);
            builder.add(site, frames);
        }
        return std::move(profile_);
    }

private:
    std::optional<size_t> column(std::initializer_list<std::string_view> names,
                                 std::string_view unit) const {
        const auto found =
            std::ranges::find_if(tables_.sample_types(), [&](const PprofTables::SampleType& type) {
                return type.unit == unit && std::ranges::find(names, type.type) != names.end();
            });
        if (found == tables_.sample_types().end()) return std::nullopt;
        return static_cast<size_t>(found - tables_.sample_types().begin());
    }

    Columns find_columns() const {
        const auto live = column({"inuse_objects", "objects"}, "count");
        const auto live_bytes = column({"inuse_space", "space"}, "bytes");
        if (!live || !live_bytes) {
            std::vector<std::string> there;
            for (const PprofTables::SampleType& type : tables_.sample_types())
                there.push_back(fmt::format("{} in {}", type.type, type.unit));
            tables_.fail(tables_.begin(),
                         fmt::format("a profile of the heap, with inuse_objects in count and "
                                     "inuse_space in bytes (this one has {}),",
                                     fmt::join(there, ", ")));
        }
        return {*live, *live_bytes, column({"alloc_objects"}, "count"),
                column({"alloc_space"}, "bytes")};
    }

    void read_session() {
        model::SessionInfo& session = profile_.session;
        session.foreign_recorder = kPprofRecorder;
        const PprofTables::SampleType period = tables_.period_type();
        if (period.type == "space" && period.unit == "bytes" && tables_.period() > 1) {
            session.mode = Mode::sampled;
            session.sampling_interval_bytes = static_cast<uint64_t>(tables_.period());
        }
        const int64_t duration = std::max<int64_t>(0, tables_.duration_ns());
        session.last_seconds = static_cast<double>(duration) * 1e-9;
        if (tables_.time_ns() > duration)
            session.started_realtime_ns = static_cast<uint64_t>(tables_.time_ns() - duration);
    }

    void read_modules(const IdentifyModule& identify) {
        for (const PprofTables::Mapping& mapping : tables_.mappings()) {
            model::Module module;
            module.path = copied(mapping.path);
            module.build_id = copied(mapping.build_id);
            module.start = mapping.start;
            module.end = std::max(mapping.limit, mapping.start);
            module.load_bias = mapping.start - std::min(mapping.file_offset, mapping.start);
            identify(module, {{mapping.start, mapping.file_offset}});
            profile_.modules.push_back(std::move(module));
        }
        if (!profile_.modules.empty()) profile_.session.program = profile_.modules.front().path;
    }

    // A long name may be that of many locations.
    std::string copied(std::string_view text) {
        kept_ += text.size();
        if (kept_ > limits_.kept) throw_keeps_too_much(name_, limits_);
        return std::string(text);
    }

    std::vector<uint32_t> intern_locations(model::StackBuilder& builder) {
        std::vector<uint32_t> numbers;
        for (const PprofTables::CodeLocation& location : tables_.locations()) {
            numbers.push_back(builder.intern_address(address_of(location)));
            profile_.locations.resize(profile_.addresses.size());
            profile_.locations[numbers.back()] = names_of(location);
        }
        // Without any name, they are looked up as those of other recordings are.
        if (std::ranges::all_of(profile_.locations, &model::Locations::empty))
            profile_.locations.clear();
        return numbers;
    }

    model::CodeAddress address_of(const PprofTables::CodeLocation& location) const {
        model::CodeAddress code;
        if (location.address == 0 && !location.lines.empty()) {
            // Interpreters have names alone: the same names are the same place in another profile.
            code.kind = FrameKind::label;
            code.offset = hash_of(location.lines);
            return code;
        }
        code.offset = location.address + 1;
        if (location.mapping != PprofTables::kNoMapping) {
            code.module = static_cast<uint32_t>(location.mapping);
            code.offset -= profile_.modules[location.mapping].load_bias;
        }
        return code;
    }

    static uint64_t hash_of(const std::vector<PprofTables::SourceLine>& lines) {
        uint64_t hash = 0xcbf29ce484222325;
        const auto add = [&hash](std::string_view text) {
            for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
            hash = (hash ^ 0xff) * 0x100000001b3;
        };
        for (const PprofTables::SourceLine& line : lines) {
            add(line.function);
            add(line.file);
            hash = (hash ^ line.line) * 0x100000001b3;
        }
        return hash;
    }

    model::Locations names_of(const PprofTables::CodeLocation& location) {
        model::Locations names;
        for (const PprofTables::SourceLine& line : location.lines) {
            if (line.function.empty()) continue;
            if (!names.empty()) names.back().inlined = true;
            names.push_back({copied(line.function), copied(line.file), line.line, false});
        }
        return names;
    }

    Domain domain_of(const PprofTables::Sample& sample) const {
        Domain found = Domain::heap;
        for (const auto& [key, value] : sample.labels) {
            if (key == "pprof::base") fail_difference(sample);
            if (key != "domain") continue;
            for (uint32_t i = 0; i < kDomainCount; ++i)
                if (value == domain_name(static_cast<Domain>(i))) found = static_cast<Domain>(i);
        }
        return found;
    }

    [[noreturn]] void fail_difference(const PprofTables::Sample& sample) const {
        tables_.fail(sample.place, "a profile of one moment (this one is a difference of two)");
    }

    uint64_t value_of(const PprofTables::Sample& sample, size_t at) const {
        if (sample.values[at] < 0) fail_difference(sample);
        return static_cast<uint64_t>(sample.values[at]);
    }

    // Of values that are scaled up already: `count` blocks stand for fewer that were sampled.
    double variance(uint64_t count, uint64_t bytes) const {
        if (count == 0) return 0;
        const double mean = std::max(1.0, static_cast<double>(bytes) / static_cast<double>(count));
        const auto interval = static_cast<double>(profile_.session.sampling_interval_bytes);
        const double weight = 1 / -std::expm1(-mean / interval);
        return static_cast<double>(count) * mean * mean * (weight - 1);
    }

    model::Figures figures_of(const PprofTables::Sample& sample) const {
        model::Figures figures;
        // Temporary and reallocated blocks are not known.
        figures.sampled = true;
        figures.live_allocations = value_of(sample, columns_.live);
        figures.live_bytes = value_of(sample, columns_.live_bytes);
        figures.allocations = figures.live_allocations;
        figures.allocated_bytes = figures.live_bytes;
        if (columns_.all && columns_.all_bytes) {
            figures.allocations = std::max(figures.allocations, value_of(sample, *columns_.all));
            figures.allocated_bytes =
                std::max(figures.allocated_bytes, value_of(sample, *columns_.all_bytes));
        }
        figures.deallocations = figures.allocations - figures.live_allocations;
        figures.deallocated_bytes = figures.allocated_bytes - figures.live_bytes;
        if (profile_.session.mode == Mode::sampled) {
            figures.sampling_interval = profile_.session.sampling_interval_bytes;
            figures.live_variance = variance(figures.live_allocations, figures.live_bytes);
            figures.allocated_variance = variance(figures.allocations, figures.allocated_bytes);
        }
        return figures;
    }

    const PprofTables& tables_;
    std::string name_;
    UnpackLimits limits_;
    uint64_t kept_ = 0;
    Columns columns_;
    model::Profile profile_;
};

}  // namespace

bool is_pprof(std::span<const std::byte> bytes, const std::string& name) {
    std::string beginning;
    unpacker_of(bytes, name)->unpack(beginning);
    return begins_as_pprof(beginning);
}

model::Profile read_pprof(std::span<const std::byte> bytes, const std::string& name,
                          const IdentifyModule& identify) {
    const UnpackLimits limits = UnpackLimits::of(bytes.size());
    std::string message;
    const auto unpacker = unpacker_of(bytes, name);
    while (unpacker->unpack(message))
        if (message.size() > limits.kept && is_compressed(bytes))
            throw_keeps_too_much(name, limits);
    const PprofTables tables(message, name);
    return Reader(tables, name, limits).read(identify);
}

}  // namespace heapdrift::input
