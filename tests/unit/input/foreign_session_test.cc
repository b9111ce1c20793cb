// Other tools' recordings: what is read of small ones, and what is said of bad ones. Real ones:
// tests/end_to_end/test_import.py.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <fstream>

#include "analyzer/input/foreign/heap_text_reader.h"
#include "analyzer/input/foreign/heaptrack_reader.h"
#include "analyzer/input/session_loader.h"
#include "analyzer/model/failure.h"

namespace heapdrift::input {
namespace {

constexpr const char* kMaps =
    "\nMAPPED_LIBRARIES:\n"
    "00400000-00401000 r--p 00000000 00:00 1 /no/such/server\n"
    "00401000-00405000 r-xp 00001000 00:00 1 /no/such/server\n"
    "00500000-00505000 rw-p 00000000 00:00 0 \n"
    "7f0000000000-7f0000005000 r-xp 00002000 00:00 1 /no/such/dir with blank/libjemalloc.so.2\n";

model::Profile read_text(const std::string& text) {
    const IdentifyModule nothing = [](model::Module&, const std::vector<MappedCode>&) {};
    TextLines lines(std::as_bytes(std::span(text)), "F");
    return read_heap_text(lines, nothing);
}

model::Profile read_track(const std::string& text) {
    TextLines lines(std::as_bytes(std::span(text)), "F");
    return read_heaptrack(lines);
}

// "" where it is read.
template <typename Read>
std::string message(Read read, const std::string& text) {
    try {
        read(text);
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "";
}

TEST(HeapTextReader, ReadsGperftools) {
    const model::Profile profile =
        read_text(std::string("heap profile:     90:    92160 [   100:   102400] @ heapprofile\n"
                              "    90:    92160 [   100:   102400] @ 0x401144 0x00401164 0x77\n") +
                  kMaps);
    ASSERT_EQ(profile.sites.size(), 1u);
    const model::Site& site = profile.sites[0];
    EXPECT_EQ(site.figures.live_allocations, 90u);
    EXPECT_EQ(site.figures.live_bytes, 92160u);
    EXPECT_EQ(site.figures.deallocations, 10u);
    EXPECT_EQ(site.figures.deallocated_bytes, 10240u);
    EXPECT_FALSE(site.figures.estimated());
    ASSERT_EQ(site.frame_count, 3u);
    const model::CodeAddress& code = profile.addresses[profile.frames_of(site)[0]];
    EXPECT_EQ(profile.modules[code.module].path, "/no/such/server");
    EXPECT_EQ(code.offset, 0x1144u);
    EXPECT_EQ(profile.addresses[profile.frames_of(site)[2]].module, kNoModule);
    EXPECT_EQ(profile.session.program, "/no/such/server");
    EXPECT_EQ(profile.session.mode, Mode::exact);
}

TEST(HeapTextReader, ScalesWhatWasSampled) {
    const model::Profile profile = read_text(
        "heap profile: 2: 2048 [ 2: 2048] @ heap_v2/524288\n"
        "2: 2048 [2: 2048] @ 0x1\n");
    const model::Figures& figures = profile.sites.at(0).figures;
    const double weight = 1 / (1 - std::exp(-1024.0 / 524288));
    EXPECT_EQ(figures.live_bytes, static_cast<uint64_t>(std::llround(2048 * weight)));
    EXPECT_EQ(figures.live_allocations, static_cast<uint64_t>(std::llround(2 * weight)));
    EXPECT_TRUE(figures.estimated());
    EXPECT_GT(figures.live_variance, 0);
    EXPECT_EQ(profile.session.sampling_interval_bytes, 524288u);
}

TEST(HeapTextReader, ReadsJemallocWithoutItsOwnFrames) {
    const model::Profile profile =
        read_text(std::string("heap_v2/1\n"
                              "  t*: 3: 300 [0: 0]\n"
                              "  t0: 3: 300 [0: 0]\n"
                              "@ 0x7f0000000100 0x7f0000000200 0x401144 0x401164\n"
                              "  t*: 3: 300 [0: 0]\n"
                              "  t0: 3: 300 [0: 0]\n") +
                  kMaps);
    ASSERT_EQ(profile.sites.size(), 1u);
    EXPECT_EQ(profile.sites[0].frame_count, 2u);
    EXPECT_EQ(profile.sites[0].figures.live_bytes, 300u);
    // Not told, but so many at least.
    EXPECT_EQ(profile.sites[0].figures.allocations, 3u);
    EXPECT_NE(profile.session.foreign_recorder.find("live blocks only"), std::string::npos);
}

TEST(HeapTextReader, SaysWhatIsWrongAndWhere) {
    const std::string head = "heap profile: 1: 1 [1: 1] @ heapprofile\n";
    const struct {
        std::string text;
        const char* place;
        const char* expected;
    } cases[] = {
        {"heap profile: 1 1\n", "F:1: ", "\"heap profile: COUNT: BYTES"},
        {"heap profile: 1: 1 [1: 1] @ growthz\n", "F:1: ", "heap growth"},
        {"heap profile: 1: 1 [1: 1] @ heap_v2/x\n", "F:1: ", "the sampling rate"},
        {head + "1: 1 [1: 1]\n", "F:2: ", "\"COUNT: BYTES [COUNT: BYTES] @ ADDRESS…\""},
        {head + "1: 99999999999999999999 [1: 1] @ 0x1\n", "F:2: ", "\"COUNT: BYTES"},
        {head + "\n1: 1 [1: 1] @ 0x1 0xzz\n", "F:3: ", "an address such as"},
        {head + "1: 1 [1: 1] @ 0x1zz\n", "F:2: ", "an address such as"},
        {"heap_v2/\n", "F:1: ", "the sampling rate"},
        {"heap_v2/1\n  t*: 1: 1\n", "F:2: ", "\"t*: COUNT: BYTES"},
        {"heap_v2/1\n@ 0x1\nnonsense\n", "F:3: ", "\"@ ADDRESS…\" or"},
    };
    for (const auto& each : cases) {
        const std::string said = message(read_text, each.text);
        EXPECT_TRUE(said.starts_with(each.place)) << each.text << "\nsaid: " << said;
        EXPECT_NE(said.find(each.expected), std::string::npos) << each.text << "\nsaid: " << said;
    }
    // Maps that make no sense have no modules.
    EXPECT_EQ(
        message(read_text, head + "MAPPED_LIBRARIES:\nzz-11 r-xp 0 0 0 /x\n5-4 r-xp 0 0 0 /x\n"),
        "");
}

TEST(HeaptrackReader, ReadsStacksLiveBlocksAndThePeak) {
    const model::Profile profile = read_track(
        "v 10400 3\nX ./server --port 80\nI 1000 5e2990\n"
        "s 8 ./server\ns 4 main\ns 9 cache_put\ns 6 a b.cc\n"
        "i 1143 1 3 4 2a 2 4 7\nt 1 0\ni 1163 1\nt 2 0\nt 1 2\n"
        "a 10 3\na 100 1\n"
        "c 1\n+ 0\n+ 1\nc 2\n- 1\n+ 0\nc a\nR 3d3\n# strings: 4\n");
    EXPECT_EQ(profile.session.command_line.size(), 3u);
    ASSERT_EQ(profile.sites.size(), 2u);
    const model::Site& through = profile.sites[0];
    EXPECT_EQ(through.figures.allocations, 2u);
    EXPECT_EQ(through.figures.live_bytes, 32u);
    EXPECT_EQ(through.figures.peak_live_bytes, 16u);
    ASSERT_EQ(through.frame_count, 2u);
    const uint32_t first = profile.frames_of(through)[0];
    EXPECT_EQ(profile.addresses[first].offset, 0x1144u);
    ASSERT_EQ(profile.locations.at(first).size(), 2u);
    EXPECT_EQ(profile.locations[first][0].function, "cache_put");
    EXPECT_TRUE(profile.locations[first][0].inlined);
    EXPECT_EQ(profile.locations[first][0].line, 42u);
    EXPECT_EQ(profile.locations[first][1].function, "main");
    EXPECT_EQ(profile.sites[1].figures.live_bytes, 0u);
    EXPECT_EQ(profile.sites[1].figures.deallocations, 1u);
    EXPECT_EQ(profile.sites[1].figures.peak_live_bytes, 256u);
    EXPECT_EQ(profile.peak_live_bytes, 272u);
    EXPECT_DOUBLE_EQ(*profile.peak_seconds, 0.001);
    EXPECT_DOUBLE_EQ(profile.session.last_seconds, 0.010);
}

TEST(HeaptrackReader, SaysWhatIsWrongAndWhere) {
    const std::string head = "v 10400 3\ns 1 x\ni 1 1 1\nt 1 0\na 8 1\n";
    const struct {
        std::string text;
        const char* place;
        const char* expected;
    } cases[] = {
        {"v 10400 2\n", "F:1: ", "format version 3"},
        {"v 10400\n", "F:1: ", "the version of the format"},
        {head + "s 5 abc\n", "F:6: ", "a string of the length given"},
        {head + "i 1 9\n", "F:6: ", "a module that was named before"},
        {head + "i 1 1 1 1\n", "F:6: ", "a line"},
        {head + "t 2 0\n", "F:6: ", "an address that was named before"},
        {head + "t 1 2\n", "F:6: ", "a calling frame that was named before"},
        {head + "t 0 0\n", "F:6: ", "the number of an address"},
        {head + "a 8 7\n", "F:6: ", "a call stack that was named before"},
        {head + "+ 1\n", "F:6: ", "a kind of block that was named before"},
        {head + "- 0\n", "F:6: ", "the deallocation of a block that is live"},
        {head + "+ 8 1 7f00\n", "F:6: ", "heaptrack --interpret"},
        {head + "m 3 lib 1000\n", "F:6: ", "heaptrack --interpret"},
        {head + "z 1\n", "F:6: ", "one of heaptrack's records"},
        {head + "sxyz\n", "F:6: ", "a letter and a blank"},
    };
    for (const auto& each : cases) {
        const std::string said = message(read_track, each.text);
        EXPECT_TRUE(said.starts_with(each.place)) << each.text << "\nsaid: " << said;
        EXPECT_NE(said.find(each.expected), std::string::npos) << each.text << "\nsaid: " << said;
    }
}

class ForeignSession : public ::testing::Test {
protected:
    ~ForeignSession() override { unlink(path_.c_str()); }
    std::string load(const std::string& bytes, const std::string& point = "last") {
        std::ofstream(path_, std::ios::binary) << bytes;
        return message([&](const std::string&) { load_session({path_, std::nullopt, point}); }, "");
    }
    static std::string zipped(const std::string& text) {
        std::string bytes(text.size() + 1000, '\0');
        z_stream stream{};
        EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                  Z_OK);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream.avail_in = static_cast<uInt>(text.size());
        stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
        stream.avail_out = static_cast<uInt>(bytes.size());
        EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
        bytes.resize(stream.total_out);
        deflateEnd(&stream);
        return bytes;
    }
    const std::string path_ = ::testing::TempDir() + "foreign." + std::to_string(getpid());
    const std::string text_ = "v 10400 3\ns 1 x\ni 1 1 1\nt 1 0\na 8 1\n+ 0\n";
};

TEST_F(ForeignSession, IsReadPlainAndCompressed) {
    EXPECT_EQ(load(text_), "");
    EXPECT_EQ(load(zipped(text_)), "");
}

TEST_F(ForeignSession, IsReadToTheEndOfAllItsParts) {
    const std::string first = "v 10400 3\ns 1 x\ni 1 1 1\nt 1 0\n";
    EXPECT_EQ(load(zipped(first) + zipped("a 8 1\n") + zipped("+ 0\n")), "");
    EXPECT_NE(load(zipped(first) + zipped("a 8 9\n")).find(":5: a call stack"), std::string::npos);
    EXPECT_NE(load(zipped(text_) + zipped("+ 7\n").substr(0, 12)).find("cut short"),
              std::string::npos);
    EXPECT_EQ(load(zipped(text_) + std::string(512, '\0')), "");
    EXPECT_NE(load(zipped(text_) + "more").find("other data follow"), std::string::npos);
}

TEST_F(ForeignSession, IsRefusedWhereItUnpacksBeyondMeasure) {
    const auto read = [](const std::string& bytes, const UnpackLimits& limits) {
        return message(
            [&](const std::string&) {
                TextLines lines(std::as_bytes(std::span(bytes)), "F", limits);
                read_heaptrack(lines);
            },
            "");
    };
    std::string events = text_;
    for (int i = 0; i < 200'000; ++i) events += "+ 0\n";
    std::string stacks = text_;
    for (int i = 0; i < 200'000; ++i) stacks += "t 1 1\n";
    constexpr uint64_t kMany = uint64_t{1} << 30;
    EXPECT_EQ(read(zipped(events), {kMany, 1000}), "");
    EXPECT_NE(read(zipped(events), {700'000, kMany}).find("unpacks to more than"),
              std::string::npos);
    EXPECT_EQ(read(events, {700'000, kMany}), "") << "it is as large as it is";
    EXPECT_NE(read(zipped(stacks), {kMany, 1000}).find("names and call stacks"), std::string::npos);
    // One long name of many addresses.
    std::string named = "v 10400 3\ns 3e8 " + std::string(1000, 'x') + "\n";
    for (int i = 0; i < 1000; ++i) named += "i 1 0 1\n";
    EXPECT_NE(read(named, {kMany, 100'000}).find("names and call stacks"), std::string::npos);
    EXPECT_EQ(read(named, {kMany, 2'000'000}), "");
    // Real limits leave room for the best packed of loops.
    EXPECT_GE(UnpackLimits::of(1000).text, uint64_t{1} << 32);
    EXPECT_GE(UnpackLimits::of(10'000'000).text, uint64_t{10} << 30);
}

TEST_F(ForeignSession, IsRefusedWhenItIsCutShort) {
    const std::string bytes = zipped(text_);
    EXPECT_NE(load(bytes.substr(0, bytes.size() / 2)).find("cut short"), std::string::npos);
    std::string damaged = bytes;
    damaged[bytes.size() / 2] = static_cast<char>(~damaged[bytes.size() / 2]);
    EXPECT_NE(load(damaged).find("compressed data are"), std::string::npos);
}

TEST_F(ForeignSession, HasOnePoint) {
    EXPECT_NE(load(text_, "3").find("holds one point; leave out @3"), std::string::npos);
}

TEST_F(ForeignSession, IsNotEveryOtherFile) {
    for (const char* text : {"", "v", "v x\n", "verbose\n", "heap of things\n"})
        EXPECT_EQ(load(text).find(":1:"), std::string::npos) << text;
    EXPECT_NE(load(zipped("plain text\n")).find("not a heapdrift session"), std::string::npos);
}

}  // namespace
}  // namespace heapdrift::input
