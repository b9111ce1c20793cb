#include "analyzer/process/executable.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstring>

#include "tests/unit/process/temporary_directory.h"

namespace heapdrift::process {
namespace {

// The head of an ELF program without a loader.
std::string elf_head(unsigned char elf_class, uint16_t machine) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = elf_class;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_EXEC;
    header.e_machine = machine;
    return {reinterpret_cast<const char*>(&header), sizeof header};
}

class FindExecutable : public ::testing::Test {
protected:
    Obstacle obstacle(const std::string& content) {
        const Lookup lookup = find_executable(directory_.write("program", content, true));
        return lookup.executable ? lookup.executable->obstacle : Obstacle::none;
    }
    int exit_code(const std::string& name) {
        const Lookup lookup = find_executable(name);
        return lookup.error ? lookup.error->exit_code : 0;
    }
    TemporaryDirectory directory_;
};

TEST_F(FindExecutable, TellsWhatCannotBeRecorded) {
    EXPECT_EQ(obstacle(elf_head(ELFCLASS64, EM_X86_64)), Obstacle::statically_linked);
    EXPECT_EQ(obstacle(elf_head(ELFCLASS32, EM_386)), Obstacle::bits32);
    EXPECT_EQ(obstacle(elf_head(ELFCLASS64, EM_AARCH64)), Obstacle::foreign_machine);
    EXPECT_EQ(obstacle(std::string("\0\1\2", 3)), Obstacle::unknown_format);
    EXPECT_EQ(obstacle(ELFMAG), Obstacle::unknown_format);
}

TEST_F(FindExecutable, LooksAtTheInterpreterOfAScript) {
    const std::string script = directory_.write("script", "#! /bin/sh -e\ntrue\n", true);
    const Lookup lookup = find_executable(script);
    ASSERT_TRUE(lookup.executable);
    EXPECT_EQ(lookup.executable->path, script);
    EXPECT_EQ(lookup.executable->image, "/bin/sh");
    EXPECT_EQ(lookup.executable->obstacle, Obstacle::none);
    EXPECT_EQ(obstacle("no #! line\n"), Obstacle::none) << "given to the shell";
}

TEST_F(FindExecutable, FollowsNoCircleOfScripts) {
    EXPECT_EQ(obstacle("#!" + directory_.file("program") + "\n"), Obstacle::none);
}

TEST_F(FindExecutable, HasTheShellsExitCodes) {
    EXPECT_EQ(exit_code(""), 127);
    EXPECT_EQ(exit_code("no-such-program-anywhere"), 127);
    EXPECT_EQ(exit_code(directory_.file("missing")), 127);
    EXPECT_EQ(exit_code(directory_.path()), 126);
    EXPECT_EQ(exit_code(directory_.write("data", "x")), 126);
}

TEST_F(FindExecutable, SearchesPathAsExecvpDoes) {
    directory_.write("tool", "#!/bin/sh\n", true);
    const std::string before = getenv("PATH");
    setenv("PATH", ("/nonexistent:" + directory_.path() + ":" + before).c_str(), 1);
    const Lookup lookup = find_executable("tool");
    setenv("PATH", before.c_str(), 1);
    ASSERT_TRUE(lookup.executable);
    EXPECT_EQ(lookup.executable->path, directory_.file("tool"));
}

TEST(Obstacle, StaticProgramsAloneMayInheritTheRecorder) {
    EXPECT_TRUE(preload_is_harmless(Obstacle::none));
    EXPECT_TRUE(preload_is_harmless(Obstacle::statically_linked));
    for (const Obstacle obstacle : {Obstacle::bits32, Obstacle::foreign_machine,
                                    Obstacle::foreign_loader, Obstacle::secure_execution})
        EXPECT_FALSE(preload_is_harmless(obstacle));
}

}  // namespace
}  // namespace heapdrift::process
