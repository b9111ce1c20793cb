// Which file the names come from when the module's own has none, has changed or is gone.
#include <gtest/gtest.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "tests/unit/symbolize/fixture.h"

namespace heapdrift::symbolize {
namespace {

const std::vector<std::string> kOnlyTheSymbol{"unseen :0"};

class ModuleFileTest : public testing::Test {
protected:
    void SetUp() override {
        offsets_ = noted_offsets(original_);
        module_ = module_of(original_);
        module_.path = folder_.path("program");
        with_lines_ = {"unseen inlined.c:" + std::to_string(line_of("inlined.c", "unseen"))};
        options_.debug_root = folder_.path("debug");
    }
    void copy_program() {
        std::filesystem::copy_file(original_, module_.path,
                                   std::filesystem::copy_options::overwrite_existing);
    }
    void strip_program(const std::string& how = "--strip-all") {
        output_of(OBJCOPY " " + how + " " + original_ + " " + module_.path);
    }
    void make_debug_file(const std::string& path) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        output_of(OBJCOPY " --only-keep-debug " + original_ + " " + path);
    }
    std::string by_build_id() const {
        return options_.debug_root + "/.build-id/" + module_.build_id.substr(0, 2) + "/" +
               module_.build_id.substr(2) + ".debug";
    }
    std::vector<std::string> at_unseen() {
        return described(symbolize_one(module_, offsets_["unseen"], options_));
    }

    TestFolder folder_;
    std::string original_ = fixture_path("c_dwarf5");
    std::map<std::string, uint64_t> offsets_;
    model::Module module_;
    Options options_;
    std::vector<std::string> with_lines_;
};

TEST_F(ModuleFileTest, KnowsNothingOfAStrippedProgram) {
    strip_program();
    EXPECT_TRUE(at_unseen().empty());
}

TEST_F(ModuleFileTest, NamesFunctionsWhereOnlyDebugInformationIsStripped) {
    strip_program("--strip-debug");
    EXPECT_EQ(at_unseen(), kOnlyTheSymbol);
}

TEST_F(ModuleFileTest, ReadsTheDebugFileOfTheBuildId) {
    strip_program();
    make_debug_file(by_build_id());
    EXPECT_EQ(at_unseen(), with_lines_);
}

TEST_F(ModuleFileTest, ReadsTheDebugFileNamedByTheDebugLink) {
    make_debug_file(folder_.path(".debug/program.debug"));
    strip_program("--strip-all --add-gnu-debuglink=" + folder_.path(".debug/program.debug"));
    EXPECT_EQ(at_unseen(), with_lines_);
}

TEST_F(ModuleFileTest, ReadsTheSymbolsOfMiniDebugInformation) {
    make_debug_file(folder_.path("mini"));
    output_of(OBJCOPY " --strip-debug " + folder_.path("mini") + " && " XZ " --force " +
              folder_.path("mini"));
    strip_program("--strip-all --add-section .gnu_debugdata=" + folder_.path("mini.xz"));
    EXPECT_EQ(at_unseen(), kOnlyTheSymbol);
}

TEST_F(ModuleFileTest, ReadsDebugInformationMovedToASharedFileByDwz) {
    if (std::strlen(DWZ) == 0) GTEST_SKIP() << "dwz is not installed";
    copy_program();
    const std::string other = folder_.path("other");
    std::filesystem::copy_file(module_.path, other);
    output_of(DWZ " -m " + folder_.path("common") + " " + module_.path + " " + other);
    ASSERT_TRUE(std::filesystem::exists(folder_.path("common")));
    EXPECT_EQ(at_unseen(), with_lines_);
}

TEST_F(ModuleFileTest, DoesNotUseAProgramThatWasReplacedSince) {
    std::filesystem::copy_file(fixture_path("c_dwarf4"), module_.path);
    EXPECT_TRUE(at_unseen().empty());
}

TEST_F(ModuleFileTest, ReadsTheDebugFileOfTheRecordedBuildBesideAReplacedProgram) {
    std::filesystem::copy_file(fixture_path("c_dwarf4"), module_.path);
    make_debug_file(by_build_id());
    EXPECT_EQ(at_unseen(), with_lines_);
}

TEST_F(ModuleFileTest, DoesNotUseADebugFileOfAnotherBuild) {
    strip_program();
    std::filesystem::create_directories(std::filesystem::path(by_build_id()).parent_path());
    std::filesystem::copy_file(fixture_path("c_dwarf4"), by_build_id());
    EXPECT_TRUE(at_unseen().empty());
}

TEST_F(ModuleFileTest, KnowsNothingOfADeletedProgram) {
    EXPECT_TRUE(at_unseen().empty());
    module_.path += " (deleted)";
    EXPECT_TRUE(at_unseen().empty());
}

TEST_F(ModuleFileTest, UsesTheSameBuildPutInThePlaceOfTheDeletedFile) {
    copy_program();
    module_.path += " (deleted)";
    EXPECT_EQ(at_unseen(), with_lines_);
    module_.build_id.clear();
    EXPECT_TRUE(at_unseen().empty());
}

TEST_F(ModuleFileTest, UsesAProgramWithoutBuildIdForARecordingWithoutOne) {
    output_of(OBJCOPY " --remove-section .note.gnu.build-id " + original_ + " " + module_.path);
    EXPECT_TRUE(at_unseen().empty());
    module_.build_id.clear();
    EXPECT_EQ(at_unseen(), with_lines_);
}

TEST_F(ModuleFileTest, DoesNotBlockOnPathsThatAreNoFiles) {
    ASSERT_EQ(mkfifo(module_.path.c_str(), 0600), 0);
    EXPECT_TRUE(at_unseen().empty());
    for (const char* path : {"", "/", "/dev/zero", "[heap]", "relative"}) {
        module_.path = path;
        EXPECT_TRUE(at_unseen().empty()) << path;
    }
}

TEST_F(ModuleFileTest, DoesNotLeaveTheDebugRootByABuildIdFromAStranger) {
    copy_program();
    module_.path = folder_.path("missing");
    module_.build_id = "../../../program";
    EXPECT_TRUE(at_unseen().empty());
}

TEST_F(ModuleFileTest, AsksNoServerUnlessToldTo) {
    strip_program();
    // Whoever asked this address would wait for it.
    setenv("DEBUGINFOD_URLS", "http://192.0.2.1:9/", 1);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(at_unseen().empty());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    EXPECT_STREQ(getenv("DEBUGINFOD_URLS"), "http://192.0.2.1:9/");
    unsetenv("DEBUGINFOD_URLS");
}

TEST(Vdso, IsNamedByThatOfThisProcess) {
    const auto base = getauxval(AT_SYSINFO_EHDR);
    if (base == 0) GTEST_SKIP() << "this process has no vdso";
    const auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
    TestFolder folder;
    const std::string copy = folder.path("vdso");
    std::ofstream(copy, std::ios::binary)
        .write(reinterpret_cast<const char*>(header),
               static_cast<std::streamsize>(header->e_shoff + 64u * header->e_shnum));
    std::istringstream symbols(output_of(NM " -D --defined-only " + copy));
    std::string address;
    std::string type;
    std::string name;
    uint64_t offset = 0;
    while (symbols >> address >> type >> name) {
        if (name.starts_with("__vdso_clock_gettime")) offset = std::stoull(address, nullptr, 16);
    }
    ASSERT_NE(offset, 0u);
    model::Module module;
    module.path = "[vdso]";
    module.build_id = build_id_of(copy);
    model::Locations locations = symbolize_one(module, offset + 1);
    ASSERT_EQ(locations.size(), 1u);
    EXPECT_EQ(locations[0].function, "clock_gettime");
    module.build_id = std::string(40, '0');
    EXPECT_TRUE(symbolize_one(module, offset + 1).empty());
}

// Runs in the test's process: a crash of it is the failure.
TEST_F(ModuleFileTest, SurvivesCorruptedFilesForThreeSeconds) {
    std::ifstream file(original_, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)), {});
    std::mt19937_64 random(std::random_device{}());
    std::vector<Query> queries;
    for (uint64_t offset = offsets_["inner"] & ~uint64_t{0xfff}, end = offset + 0x1000;
         offset < end; offset += 5) {
        queries.push_back({0, offset});
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    while (std::chrono::steady_clock::now() < end) {
        std::string bytes = whole;
        for (uint64_t i = random() % 30; i < 30; ++i) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        if (random() % 4 == 0) bytes.resize(random() % bytes.size());
        std::ofstream(module_.path, std::ios::binary) << bytes;
        module_ = module_of(module_.path);
        module_.path = folder_.path("program");
        EXPECT_GT(symbolize({module_}, queries, options_).size(), 0u);
    }
}

}  // namespace
}  // namespace heapdrift::symbolize
