#include "analyzer/model/stack_builder.h"

#include <gtest/gtest.h>

namespace heapdrift::model {
namespace {

Module module(const std::string& path, const std::string& build_id) {
    Module made;
    made.path = path;
    made.build_id = build_id;
    return made;
}

TEST(StackBuilder, OneIdentityIsOneAddress) {
    Profile profile;
    profile.modules = {module("/a.so", "11"), module("/moved/a.so", "11"),
                       module("/b.so", ""),   module("/b.so", ""),
                       module("", ""),        module("", "")};
    StackBuilder builder(profile);
    const auto address = [&](uint32_t of_module) {
        return builder.intern_address({of_module, FrameKind::native, 0x10});
    };
    EXPECT_EQ(address(0), address(1));
    EXPECT_EQ(address(2), address(3));
    EXPECT_NE(address(0), address(2));
    EXPECT_NE(address(4), address(5));
    EXPECT_NE(address(0), builder.intern_address({0, FrameKind::interrupted, 0x10}));
}

TEST(StackBuilder, EqualStacksOfOneDomainAreOneSite) {
    Profile profile;
    profile.modules = {module("/a.so", "11")};
    StackBuilder builder(profile);
    const uint32_t a = builder.intern_address({0, FrameKind::native, 1});
    const uint32_t b = builder.intern_address({0, FrameKind::native, 2});
    const auto add = [&](uint32_t id, Domain domain, std::vector<uint32_t> frames) {
        Site site;
        site.id = id;
        site.domain = domain;
        site.figures.live_bytes = id;
        builder.add(site, frames);
    };
    add(5, Domain::heap, {a, b});
    add(3, Domain::heap, {a, b});
    add(7, Domain::mapping, {a, b});
    add(8, Domain::heap, {b, a});
    ASSERT_EQ(profile.sites.size(), 3u);
    EXPECT_EQ(profile.sites[0].id, 3u);
    EXPECT_EQ(profile.sites[0].figures.live_bytes, 8u);
}

}  // namespace
}  // namespace heapdrift::model
