// Heap profiles in pprof's format: what is read of a small one, and what is said of bad ones. Real
// ones: tests/end_to_end/test_import.py.
#include "analyzer/input/foreign/pprof_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "analyzer/input/foreign/pprof_tables.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/place.h"
#include "tests/unit/support/pprof_builder.h"

namespace heapdrift::input {
namespace {

using testing::PprofBuilder;

model::Profile read(const std::string& bytes) {
    return read_pprof(std::as_bytes(std::span(bytes)), "F",
                      [](model::Module&, const std::vector<MappedCode>&) {});
}

std::string message_of(const std::string& bytes) {
    try {
        read(bytes);
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "accepted";
}

TEST(PprofReader, ReadsFiguresPlacesAndNames) {
    const std::string bytes = PprofBuilder().bytes();
    EXPECT_TRUE(is_pprof(std::as_bytes(std::span(bytes)), "F"));
    const model::Profile profile = read(bytes);
    ASSERT_EQ(profile.sites.size(), 1u);
    const model::Site& site = profile.sites[0];
    EXPECT_EQ(site.domain, Domain::heap);
    EXPECT_EQ(site.figures.allocations, 100u);
    EXPECT_EQ(site.figures.live_bytes, 92160u);
    EXPECT_EQ(site.figures.deallocations, 10u);
    EXPECT_EQ(site.figures.deallocated_bytes, 10240u);
    EXPECT_FALSE(site.figures.estimated());
    EXPECT_EQ(profile.session.program, "/no/such/server");
    EXPECT_EQ(profile.session.started_realtime_ns, 3'000'000'000u);
    EXPECT_EQ(profile.session.last_seconds, 2);
    const std::vector<model::Frame> frames = model::frames_of_site(profile, site);
    ASSERT_EQ(frames.size(), 2u);
    EXPECT_EQ(frames[0].function, "cache_put");
    EXPECT_EQ(frames[0].file, "put.cc");
    EXPECT_EQ(frames[0].line, 42u);
    // As ours: a return address, from the beginning of the module.
    EXPECT_EQ(frames[0].module_offset, 0x1145u);
    EXPECT_EQ(profile.modules.at(0).build_id, "aa11");
    EXPECT_EQ(frames[1].function, "handler.py");
    EXPECT_EQ(frames[1].module, "");
}

TEST(PprofReader, WhatHasNamesAloneIsTheSamePlaceInEveryProfile) {
    PprofBuilder builder;
    const auto offset_of_second = [&] {
        const model::Profile profile = read(builder.bytes());
        return profile.addresses.at(profile.frames_of(profile.sites.at(0))[1]).offset;
    };
    const uint64_t first = offset_of_second();
    builder.locations = {7, 9};
    builder.samples[0].locations = {7, 9};
    EXPECT_EQ(offset_of_second(), first);
}

TEST(PprofReader, MarksWhatWasSampled) {
    PprofBuilder builder;
    builder.period = 524288;
    const model::Profile profile = read(builder.bytes());
    EXPECT_EQ(profile.session.mode, Mode::sampled);
    EXPECT_EQ(profile.session.sampling_interval_bytes, 524288u);
    const model::Figures& figures = profile.sites.at(0).figures;
    EXPECT_EQ(figures.live_bytes, 92160u) << "scaled up already";
    EXPECT_TRUE(figures.estimated());
    const double weight = 1 / (1 - std::exp(-1024.0 / 524288));
    EXPECT_NEAR(figures.live_variance / (90 * 1024.0 * 1024.0 * (weight - 1)), 1, 1e-9);
}

TEST(PprofReader, ReadsProfilesOfLiveBlocksAlone) {
    PprofBuilder builder;
    builder.types = {{"objects", "count"}, {"space", "bytes"}};
    builder.samples = {{{1}, {3, 300}}, {{1}, {1, 5}, {"domain", "cuda_device"}}};
    const model::Profile profile = read(builder.bytes());
    ASSERT_EQ(profile.sites.size(), 2u);
    EXPECT_EQ(profile.sites[0].figures.live_bytes, 300u);
    EXPECT_EQ(profile.sites[0].figures.allocations, 3u) << "so many at least";
    EXPECT_EQ(profile.sites[1].domain, Domain::cuda_device);
}

TEST(PprofReader, BadProfilesAreRefusedByPlaceAndExpectation) {
    const auto with = [](const std::function<void(PprofBuilder&)>& change) {
        PprofBuilder builder;
        change(builder);
        return builder.bytes();
    };
    const std::string whole = with([](PprofBuilder&) {});
    ASSERT_EQ(message_of(whole), "accepted");
    const std::pair<std::string, const char*> kCases[] = {
        {whole.substr(0, whole.size() - 3), "a whole field of pprof's format"},
        {whole + "\x0f", "a whole field of pprof's format"},
        {with([](PprofBuilder& b) { b.first_string = "x"; }), "a table of strings whose first"},
        {with([](PprofBuilder& b) {
             b.types = {{"samples", "count"}, {"cpu", "nanoseconds"}};
             b.samples = {};
         }),
         "a profile of the heap, with inuse_objects in count and inuse_space in bytes (this one "
         "has "
         "samples in count, cpu in nanoseconds)"},
        {with([](PprofBuilder& b) {
             b.samples[0].values = {1, 2};
         }),
         "a sample with 4 values"},
        {with([](PprofBuilder& b) { b.samples[0].values[2] = -1; }), "a profile of one moment"},
        {with([](PprofBuilder& b) {
             b.samples[0].label = {"pprof::base", "true"};
         }),
         "a profile of one moment"},
        {with([](PprofBuilder& b) {
             b.samples[0].locations = {1, 3};
         }),
         "the id of a location that is there"},
        {with([](PprofBuilder& b) { b.mappings = {0}; }), "a mapping with an id of its own"},
        {with([](PprofBuilder& b) {
             b.mappings = {1, 1};
         }),
         "a mapping with an id of its own"},
        {with([](PprofBuilder& b) {
             b.functions = {1, 2, 1};
         }),
         "a function with an id of its own"},
        {with([](PprofBuilder& b) {
             b.locations = {1, 1};
         }),
         "a location with an id of its own"},
        {with([](PprofBuilder& b) { b.mapping_of_first = 5; }),
         "the id of a mapping that is there"},
        {with([](PprofBuilder& b) { b.function_of_first = 5; }),
         "the id of a function that is there"},
        {with([](PprofBuilder& b) { b.file_of_functions = 999; }),
         "the number of a string that is there"},
    };
    for (const auto& [bytes, expected] : kCases) {
        const std::string said = message_of(bytes);
        EXPECT_TRUE(said.starts_with("F: byte ")) << said;
        EXPECT_NE(said.find(expected), std::string::npos) << "said: " << said;
    }
}

TEST(PprofReader, KnowsItsBeginning) {
    EXPECT_TRUE(begins_as_pprof(PprofBuilder().bytes()));
    for (const char* text : {"", "\n", "\n\n\n\n\n\n", "\n\x02 a more text", "heap profile: 1"})
        EXPECT_FALSE(begins_as_pprof(text)) << text;
}

}  // namespace
}  // namespace heapdrift::input
