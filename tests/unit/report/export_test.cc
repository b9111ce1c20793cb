// What the consumers' own programs cannot show of the exports (tests/end_to_end/test_export.py):
// odd names, stacks that read alike, modules that share addresses.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <protozero/pbf_message.hpp>
#include <sstream>

#include "analyzer/model/pprof_format.h"
#include "analyzer/report/export/collapsed.h"
#include "analyzer/report/export/dhat.h"
#include "analyzer/report/export/gzip.h"
#include "analyzer/report/export/heap_text.h"
#include "analyzer/report/export/massif.h"
#include "analyzer/report/export/module_layout.h"
#include "analyzer/report/export/pprof.h"
#include "analyzer/report/export/speedscope.h"
#include "tests/unit/support/profile_builder.h"

namespace heapdrift::report {
namespace {

using testing::ProfileBuilder;

template <typename Write, typename... Arguments>
std::string written(Write write, const ExportDocument& document, Arguments... arguments) {
    std::ostringstream out;
    write(out, document, arguments...);
    return out.str();
}

std::string collapsed(const model::Profile& profile) {
    return written(write_collapsed, {profile}, model::Column::live_bytes);
}

std::string unzipped(const std::string& bytes) {
    std::string text(1 << 20, '\0');
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    text.resize(stream.total_out);
    inflateEnd(&stream);
    return text;
}

TEST(Gzip, IsReadBackAndAlwaysTheSame) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += std::to_string(i);
    const std::string zipped = gzip(text);
    EXPECT_LT(zipped.size(), text.size());
    EXPECT_EQ(unzipped(zipped), text);
    EXPECT_EQ(gzip(text), zipped);
    EXPECT_EQ(unzipped(gzip("")), "");
}

TEST(Collapsed, HasNoSeparatorInsideAName) {
    ProfileBuilder builder;
    builder.add({"operator;\n(char)", "main"}, 10);
    builder.add({"+0x10", "main"}, 20);
    EXPECT_EQ(collapsed(builder.profile),
              "main;operator: (char) 10\n"
              "main;server+0x10 20\n");
}

TEST(Collapsed, AddsStacksThatReadAlikeAndLeavesOutZeroes) {
    ProfileBuilder builder;
    builder.add({"put a.cc:1", "main"}, 10);
    builder.add({"put a.cc:2", "main"}, 20);
    builder.add({"gone", "main"}, 0);
    EXPECT_EQ(collapsed(builder.profile), "main;put 30\n");
}

TEST(Collapsed, SaysWhereAStackIsCut) {
    ProfileBuilder builder;
    builder.add({"inner<outer"}, 10);
    builder.add({}, 5);
    builder.profile.sites[0].end = StackEnd::no_rule;
    EXPECT_EQ(collapsed(builder.profile),
              "[truncated: no unwind rule];outer;inner 10\n"
              "[no call stack] 5\n");
}

TEST(Speedscope, HasAProfileWhereNothingIsLive) {
    const ProfileBuilder builder;
    const auto json = nlohmann::json::parse(written(write_speedscope, {builder.profile}));
    ASSERT_EQ(json["profiles"].size(), 1u);
    EXPECT_EQ(json["profiles"][0]["endValue"], 0);
}

TEST(Speedscope, TellsKindsOfMemoryApart) {
    ProfileBuilder builder;
    builder.add({"f", "main"}, {.live_allocations = 1, .live_bytes = 10});
    builder.add({"f", "main"}, {.live_allocations = 1, .live_bytes = 70}, Domain::cuda_device);
    const auto json = nlohmann::json::parse(written(write_speedscope, {builder.profile}));
    std::map<std::string, uint64_t> sums;
    for (const auto& profile : json["profiles"]) sums[profile["name"]] = profile["endValue"];
    EXPECT_EQ(sums["live bytes"], 10u);
    EXPECT_EQ(sums["cuda_device: live bytes"], 70u);
}

TEST(ModuleLayout, MovesAModuleThatLiesWhereAnotherLay) {
    ProfileBuilder builder;
    builder.profile.modules = {
        {.path = "/lib/red.so",
         .build_id = "11",
         .start = 0x5000,
         .end = 0x7000,
         .load_bias = 0x4000},
        {.path = "/lib/tea.so",
         .build_id = "22",
         .start = 0x6000,
         .end = 0x9000,
         .load_bias = 0x6000},
        {.path = "/bin/prog",
         .build_id = "33",
         .start = 0x1000,
         .end = 0x2000,
         .load_bias = 0x1000},
        {.path = "/lib/red.so",
         .build_id = "11",
         .start = 0x8000,
         .end = 0xa000,
         .load_bias = 0x7000},
    };
    builder.profile.session.program = "/bin/prog";
    ModuleLayout layout;
    const ExportDocument document{builder.profile};
    layout.add(document);
    const auto& ranges = layout.ranges();
    ASSERT_EQ(ranges.size(), 3u);
    EXPECT_EQ(ranges[0].module->path, "/bin/prog");
    EXPECT_EQ(ranges[1].start, 0x5000u);
    EXPECT_GT(ranges[2].start, ranges[1].end);
    EXPECT_EQ(ranges[2].end - ranges[2].start, 0x3000u);
    // Where the module begins, its own offset 0 lies.
    EXPECT_EQ(layout.address(builder.profile, {1, FrameKind::native, 0}), ranges[2].start);
    EXPECT_EQ(layout.address(builder.profile, {0, FrameKind::native, 0x1100}), 0x5100u);
    EXPECT_EQ(layout.address(builder.profile, {kNoModule, FrameKind::native, 0x77}), 0x77u);
}

TEST(HeapText, WritesReturnAddressesAndSegmentsOfCode) {
    ProfileBuilder builder;
    builder.profile.modules[0] = {.path = "/usr/bin/server",
                                  .build_id = "aa",
                                  .start = 0x10000,
                                  .end = 0x20000,
                                  .load_bias = 0x10000};
    builder.add({"+0x1230", "+0x1450"}, 64, 2);
    const ExportDocument document{builder.profile, {}, {{{0x1000, 0x3000, 0x800}}}};
    EXPECT_EQ(written(write_heap_text, document),
              "heap profile:      2:       64 [     2:       64] @ heapprofile\n"
              "     2:       64 [     2:       64] @ 0x0000000000011230 0x0000000000011450\n"
              "\nMAPPED_LIBRARIES:\n"
              "11000-13000 r-xp 00000800 00:00 0 /usr/bin/server\n");
}

// A timeline of one site's live bytes, one allocation each, a second apart.
model::Timeline timeline_of(const std::vector<std::vector<uint64_t>>& bytes) {
    model::Timeline timeline;
    for (const auto& of_sites : bytes) {
        model::TimelinePoint point;
        point.seconds = static_cast<double>(timeline.size() + 1);
        for (uint32_t site = 0; site < of_sites.size(); ++site)
            if (of_sites[site] != 0) point.live.push_back({site, of_sites[site], 1});
        timeline.push_back(point);
    }
    return timeline;
}

TEST(Dhat, TakesMaximaAndLifetimesFromTheTimeline) {
    ProfileBuilder builder;
    builder.add({"f", "main"}, {.allocations = 4, .allocated_bytes = 400});
    builder.add({"g", "main"}, {.allocations = 2, .allocated_bytes = 30});
    const auto json = nlohmann::json::parse(
        written(write_dhat, {builder.profile, timeline_of({{300, 0}, {100, 0}, {100, 0}})}));
    const auto& f = json["pps"][0];
    EXPECT_EQ(f["mb"], 300);
    EXPECT_EQ(f["gb"], 300);
    EXPECT_EQ(f["eb"], 100);
    EXPECT_EQ(f["tl"], 2'500'000);  // live from half-way to the first snapshot, at second 1, on
    const auto& g = json["pps"][1];
    // Seen by no snapshot; still one block was live, as large as the mean or larger.
    EXPECT_EQ(g["mb"], 15);
    EXPECT_EQ(g["mbk"], 1);
    EXPECT_EQ(g["eb"], 0);
    EXPECT_EQ(json["tg"], 1'000'000);
    EXPECT_EQ(json["te"], 3'000'000);
}

TEST(Dhat, HasEachStackOnce) {
    ProfileBuilder builder;
    builder.add({"f", "main"}, {.allocations = 1, .allocated_bytes = 10});
    builder.add({"f", "main"}, {.allocations = 1, .allocated_bytes = 30}, Domain::cuda_pinned);
    const auto json = nlohmann::json::parse(
        written(write_dhat, {builder.profile, timeline_of({{10, 30}, {0, 0}})}));
    ASSERT_EQ(json["pps"].size(), 1u);
    EXPECT_EQ(json["pps"][0]["tb"], 40);
    EXPECT_EQ(json["pps"][0]["mb"], 40);
    EXPECT_EQ(json["ftbl"][0], "[root]");
}

TEST(Massif, AddsUpSmallPlacesAndSortsTheOthers) {
    ProfileBuilder builder;
    for (const char* name : {"small", "tiny", "large", "larger"})
        builder.add({name, "main"}, {.live_bytes = 1});
    const std::string text =
        written(write_massif, {builder.profile, timeline_of({{4, 3, 1000, 2000}, {1, 0, 0, 0}})});
    EXPECT_NE(text.find("heap_tree=peak\n"
                        "n3: 3007 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.\n"
                        " n1: 2000 "),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\n n0: 7 in 2 places, all below massif's threshold (1.00%)\n"),
              std::string::npos)
        << text;
    EXPECT_LT(text.find("larger"), text.find("large ("));
    EXPECT_NE(text.find("snapshot=1\n#-----------\ntime=2000\nmem_heap_B=1\n"), std::string::npos)
        << text;
}

TEST(Pprof, WritesStringsThatAreUtf8) {
    ProfileBuilder builder;
    builder.add({"caf\xe9",
                 "gr\xc3\xbc\xc3\x9f"
                 "e"},
                10);
    const std::string bytes = unzipped(written(write_pprof, {builder.profile}));
    std::vector<std::string> strings;
    protozero::pbf_message<model::pprof::Profile> message(bytes);
    while (message.next(model::pprof::Profile::string_table))
        strings.push_back(message.get_string());
    ASSERT_FALSE(strings.empty());
    EXPECT_EQ(strings[0], "");
    EXPECT_TRUE(std::ranges::count(strings, "caf\xef\xbf\xbd") == 1);
    EXPECT_TRUE(std::ranges::count(strings,
                                   "gr\xc3\xbc\xc3\x9f"
                                   "e") == 1);
}

TEST(Pprof, IsTheSameForTheSameProfile) {
    ProfileBuilder builder;
    for (int i = 0; i < 100; ++i)
        builder.add({"f" + std::to_string(i % 7), "g" + std::to_string(i % 3), "main"}, 10);
    EXPECT_EQ(written(write_pprof, {builder.profile}), written(write_pprof, {builder.profile}));
}

}  // namespace
}  // namespace heapdrift::report
