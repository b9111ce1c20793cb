#include "analyzer/model/gate/leak_identity.h"

#include <gtest/gtest.h>

namespace heapdrift::model {
namespace {

Frame frame(const std::string& function, const std::string& module = "/usr/bin/server",
            uint32_t line = 1) {
    return {.function = function,
            .file = "/home/someone/src/a.cc",
            .line = line,
            .module = module,
            .module_offset = 0x100ULL + line};
}

const std::vector<Frame> kStack = {frame("operator new(unsigned long)", "/lib/libstdc++.so.6"),
                                   frame("app::put(int)"), frame("serve"), frame("main"),
                                   frame("__libc_start_call_main", "/lib/libc.so.6")};

TEST(LeakIdentity, IsMadeOfFunctionsAndModules) {
    EXPECT_EQ(
        identify(kStack, Domain::heap).stack,
        (std::vector<std::string>{"app::put(int) (server)", "serve (server)", "main (server)"}));
}

TEST(LeakIdentity, KnowsNoLinesOffsetsAndFolders) {
    std::vector<Frame> moved = kStack;
    for (Frame& each : moved) {
        each.line += 7;
        each.module_offset += 0x1000;
        each.file = "/build/a.cc";
        if (each.module == "/usr/bin/server") each.module = "/build/bin/server";
    }
    EXPECT_EQ(identify(moved, Domain::heap), identify(kStack, Domain::heap));
    EXPECT_EQ(identify(moved, Domain::heap).id(), identify(kStack, Domain::heap).id());
}

TEST(LeakIdentity, DependsOnFunctionsModulesAndDomain) {
    const std::string id = identify(kStack, Domain::heap).id();
    EXPECT_EQ(id.size(), 16u);
    EXPECT_NE(id, identify(kStack, Domain::cuda_device).id());
    std::vector<Frame> other = kStack;
    other[1].function = "app::get(int)";
    EXPECT_NE(id, identify(other, Domain::heap).id());
    other = kStack;
    other[1].module = "/usr/lib/libapp.so";
    EXPECT_NE(id, identify(other, Domain::heap).id());
}

TEST(LeakIdentity, RecursionCountsOnce) {
    std::vector<Frame> shallow = {frame("node"), frame("parse"), frame("node"), frame("main")};
    std::vector<Frame> deep = shallow;
    for (int i = 0; i < 20; ++i)
        deep.insert(deep.begin() + 1, {frame("parse", "/usr/bin/server", 9), frame("node")});
    EXPECT_EQ(identify(shallow, Domain::heap), identify(deep, Domain::heap));
}

TEST(LeakIdentity, LanguageFramesAndCopiesOfFunctionsAreNoDifference) {
    std::vector<Frame> plain = {frame("fill"), frame("main")};
    std::vector<Frame> inlined_less = {
        frame("void std::vector<int, std::allocator<int> >::_M_realloc_insert<int>(int&&)"),
        frame("std::vector<int, std::allocator<int> >::push_back(int&&)"),
        frame("fill [clone .part.0]"), frame("main")};
    EXPECT_EQ(identify(plain, Domain::heap), identify(inlined_less, Domain::heap));
}

TEST(LeakIdentity, LibrariesMayHaveNewVersions) {
    EXPECT_EQ(identify({frame("f", "/usr/lib/libfoo.so.1.2.3")}, Domain::heap),
              identify({frame("f", "/opt/libfoo.so.1.3")}, Domain::heap));
}

TEST(LeakIdentity, FramesWithoutNamesStandForTheirModule) {
    const Frame bare{.function = "", .file = "", .module = "/lib/libx.so", .module_offset = 0x10};
    Frame moved = bare;
    moved.module_offset = 0x20;
    EXPECT_EQ(identify({bare, moved, bare}, Domain::heap).stack,
              (std::vector<std::string>{"? (libx.so)"}));
    EXPECT_EQ(identify({}, Domain::heap).stack, (std::vector<std::string>{"? (?)"}));
}

TEST(LeakIdentity, OddBytesCanBeWrittenDown) {
    EXPECT_EQ(identify({frame("f\n\xff\"")}, Domain::heap).stack,
              (std::vector<std::string>{"f??\" (server)"}));
}

TEST(LeakIdentity, HasAsManyFramesAsTellLeaksApart) {
    std::vector<Frame> deep;
    for (int i = 0; i < 40; ++i) deep.push_back(frame("f" + std::to_string(i)));
    EXPECT_EQ(identify(deep, Domain::heap).stack.size(), kIdentityFrames);
}

}  // namespace
}  // namespace heapdrift::model
