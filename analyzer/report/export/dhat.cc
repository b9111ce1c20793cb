#include "analyzer/report/export/dhat.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "analyzer/report/export/place_text.h"
#include "analyzer/report/json_writer.h"

namespace heapdrift::report {

namespace {

// A "program point" of DHAT, in its own words for the members.
struct Point {
    uint64_t tb = 0, tbk = 0;  // total bytes, blocks
    uint64_t mb = 0, mbk = 0;  // at the stack's own maximum
    uint64_t gb = 0, gbk = 0;  // at the whole program's maximum
    uint64_t eb = 0, ebk = 0;  // at the end
    double tl = 0;             // total lifetime of the blocks, in microseconds
};

// The viewer's unit of time; it shows rates by a million of them.
constexpr const char* kUnit = "µs";
constexpr const char* kMillionUnits = "s";
constexpr uint64_t kShortLived = 1000;  // the viewer has a column for what lived no longer

double microseconds(double seconds) {
    return seconds * 1e6;
}

class Points {
public:
    Points(const ExportDocument& document, TextTable& texts)
        : document_(document), maximum_(model::greatest(document.timeline)) {
        layout_.add(document);
        FrameNumbers frames(document.profile, texts, place_texts(document.profile, layout_));
        for (const model::Site& site : document.profile.sites) {
            Point& point = sums_[frames.stack(site)];
            by_site_.push_back(&point);
            point.tb += site.figures.allocated_bytes;
            point.tbk += site.figures.allocations;
        }
        for (size_t i = 0; i < document.timeline.size(); ++i) add(i);
        // No snapshot may have seen a block, but one at least was live, and one of them is as large
        // as their mean.
        for (auto& [stack, point] : sums_) {
            if (point.tbk == 0) continue;
            point.mb = std::max(point.mb, (point.tb + point.tbk - 1) / point.tbk);
            point.mbk = std::max<uint64_t>(point.mbk, 1);
        }
    }

    const StackSums<Point>& sums() const { return sums_; }

private:
    // Sites that read alike are one stack here, so they are added before maxima are looked for.
    void add(size_t number) {
        const model::Timeline& timeline = document_.timeline;
        const model::TimelinePoint& now = timeline[number];
        std::map<Point*, model::LiveAtSite> live;
        for (const model::LiveAtSite& each : now.live) {
            model::LiveAtSite& sum = live[by_site_[each.site]];
            sum.bytes += each.bytes;
            sum.allocations += each.allocations;
        }
        // As trapezoids: what is live here counts for half of the time to either neighbour.
        const double before = number == 0 ? 0 : timeline[number - 1].seconds;
        const double after =
            number + 1 == timeline.size() ? now.seconds : timeline[number + 1].seconds;
        for (const auto& [point, sum] : live) {
            if (sum.bytes > point->mb) {
                point->mb = sum.bytes;
                point->mbk = sum.allocations;
            }
            if (number == maximum_) {
                point->gb = sum.bytes;
                point->gbk = sum.allocations;
            }
            if (number + 1 == timeline.size()) {
                point->eb = sum.bytes;
                point->ebk = sum.allocations;
            }
            point->tl += microseconds((after - before) / 2) * static_cast<double>(sum.allocations);
        }
    }

    const ExportDocument& document_;
    size_t maximum_;
    ModuleLayout layout_;
    StackSums<Point> sums_;
    std::vector<Point*> by_site_;
};

std::string command(const model::Profile& profile) {
    return fmt::format(
        "{}  ({}{}; lifetimes and maxima as seen by snapshots; "
        "accesses not recorded)",
        fmt::join(profile.session.command_line, " "), origin(profile), remarks(profile));
}

uint64_t rounded(double value) {
    return static_cast<uint64_t>(std::llround(value));
}

}  // namespace

void write_dhat(std::ostream& out, const ExportDocument& document) {
    TextTable texts;
    texts.number("[root]");
    const Points points(document, texts);
    const model::Timeline& timeline = document.timeline;
    JsonWriter json(out);
    json.begin_object();
    json.key("dhatFileVersion").number(2);
    json.key("mode").text("heap");
    json.key("verb").text("Allocated");
    json.key("bklt").boolean(true);
    json.key("bkacc").boolean(false);
    json.key("tu").text(kUnit);
    json.key("Mtu").text(kMillionUnits);
    json.key("tuth").number(kShortLived);
    json.key("cmd").text(command(document.profile));
    json.key("pid").number(document.profile.session.pid);
    json.key("tg").number(rounded(microseconds(timeline[model::greatest(timeline)].seconds)));
    json.key("te").number(rounded(microseconds(timeline.back().seconds)));
    json.key("pps").begin_array();
    for (const auto& [stack, point] : points.sums())
        json.raw_value(fmt::format(
            R"({{"tb":{},"tbk":{},"tl":{},"mb":{},"mbk":{},"gb":{},"gbk":{},"eb":{},"ebk":{},)"
            R"("fs":[{}]}})",
            point.tb, point.tbk, rounded(point.tl), point.mb, point.mbk, point.gb, point.gbk,
            point.eb, point.ebk, fmt::join(stack, ",")));
    json.end_array();
    json.key("ftbl").begin_array();
    for (uint32_t i = 0; i < texts.size(); ++i) json.text(texts.text(i));
    json.end_array();
    json.end_object();
}

}  // namespace heapdrift::report
