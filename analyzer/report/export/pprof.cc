#include "analyzer/report/export/pprof.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "analyzer/report/export/gzip.h"
#include "analyzer/report/export/pprof_places.h"

namespace heapdrift::report {

namespace {

using pprof::Label;
using pprof::Profile;
using pprof::Sample;
using pprof::ValueType;

// Frames that pprof leaves out, with all that they call: they only pass an allocation on. No
// function of the program is called from there. pprof looks at names with template arguments or
// without.
constexpr const char* kDropFrames =
    R"(operator new(\[\])?|)"
    R"((std::__new_allocator|__gnu_cxx::new_allocator|std::allocator|std::allocator_traits)(<.*>)?)"
    R"(::allocate)";

class Writer {
public:
    void add(const ExportDocument& document) { places_.add(document); }

    void write_types() {
        // The last is what a reader shows that knows no default: Go's order.
        for (const auto& [type, unit] :
             {std::pair("alloc_objects", "count"), std::pair("alloc_space", "bytes"),
              std::pair("inuse_objects", "count"), std::pair("inuse_space", "bytes")})
            write_type(Profile::sample_type, type, unit);
        write_type(Profile::period_type, "space", "bytes");
        out_.add_int64(Profile::default_sample_type, places_.text("inuse_space"));
        out_.add_int64(Profile::drop_frames, places_.text(kDropFrames));
    }

    void write_samples(const model::Profile& profile, bool base) {
        for (const model::Site& site : profile.sites) {
            const model::Figures& figures = site.figures;
            std::array<int64_t, 4> values = {static_cast<int64_t>(figures.allocations),
                                             static_cast<int64_t>(figures.allocated_bytes),
                                             static_cast<int64_t>(figures.live_allocations),
                                             static_cast<int64_t>(figures.live_bytes)};
            if (base)
                for (int64_t& value : values) value = -value;
            const std::vector<uint64_t> stack = places_.stack(profile, site);
            protozero::pbf_builder<Sample> sample(out_, Profile::sample);
            sample.add_packed_uint64(Sample::location_id, stack.begin(), stack.end());
            sample.add_packed_int64(Sample::value, values.begin(), values.end());
            write_label(sample, "domain", domain_name(site.domain));
            if (base) write_label(sample, "pprof::base", "true");
        }
    }

    void write_comments(const model::Profile& profile, const char* side) {
        const model::SessionInfo& session = profile.session;
        comment(
            fmt::format("{}{}: {}", side, origin(profile), fmt::join(session.command_line, " ")));
        if (is_estimate(profile))
            comment(
                fmt::format("{}sampled, one block in {} bytes on average: all figures are "
                            "estimates; heapdrift report shows their 95 % intervals",
                            side, session.sampling_interval_bytes));
        if (const uint64_t dropped = profile.losses.dropped_total(); dropped != 0)
            comment(fmt::format("{}{} operations were not recorded", side, dropped));
    }

    void write_times(const model::Profile& profile) {
        out_.add_int64(
            Profile::period,
            std::max<int64_t>(1, static_cast<int64_t>(profile.session.sampling_interval_bytes)));
        const auto duration = static_cast<int64_t>(profile.at_seconds() * 1e9);
        out_.add_int64(Profile::duration_nanos, duration);
        // Other tools' recordings do not say when they began.
        if (const uint64_t started = profile.session.started_realtime_ns; started != 0)
            out_.add_int64(Profile::time_nanos, static_cast<int64_t>(started) + duration);
    }

    std::string finish() {
        places_.write(out_);
        return gzip(bytes_);
    }

private:
    void write_type(Profile field, const char* type, const char* unit) {
        const int64_t type_text = places_.text(type);
        const int64_t unit_text = places_.text(unit);
        protozero::pbf_builder<ValueType> value(out_, field);
        value.add_int64(ValueType::type, type_text);
        value.add_int64(ValueType::unit, unit_text);
    }

    void write_label(protozero::pbf_builder<Sample>& sample, const char* key, const char* text) {
        protozero::pbf_builder<Label> label(sample, Sample::label);
        label.add_int64(Label::key, places_.text(key));
        label.add_int64(Label::str, places_.text(text));
    }

    void comment(const std::string& text) { out_.add_int64(Profile::comment, places_.text(text)); }

    std::string bytes_;
    pprof::ProfileBuilder out_{bytes_};
    pprof::Places places_;
};

}  // namespace

void write_pprof(std::ostream& out, const ExportDocument& document) {
    Writer writer;
    writer.add(document);
    writer.write_types();
    writer.write_samples(document.profile, false);
    writer.write_times(document.profile);
    writer.write_comments(document.profile, "");
    out << writer.finish();
}

void write_pprof_diff(std::ostream& out, const ExportDocument& old_document,
                      const ExportDocument& new_document) {
    Writer writer;
    writer.add(new_document);
    writer.add(old_document);
    writer.write_types();
    writer.write_samples(old_document.profile, true);
    writer.write_samples(new_document.profile, false);
    writer.write_times(new_document.profile);
    writer.write_comments(old_document.profile, "OLD: ");
    writer.write_comments(new_document.profile, "NEW: ");
    out << writer.finish();
}

}  // namespace heapdrift::report
