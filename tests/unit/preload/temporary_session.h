// A real session file in a directory of its own, removed at the end of the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "preload/session_file.h"

namespace heapdrift {

class TemporarySession {
public:
    TemporarySession() {
        std::string pattern = std::filesystem::temp_directory_path() / "heapdrift-test-XXXXXX";
        directory_ = mkdtemp(pattern.data());
        Options options;
        options.output << (directory_ / "session").c_str();
        EXPECT_TRUE(file_->create(options, false));
    }
    ~TemporarySession() { std::filesystem::remove_all(directory_); }
    TemporarySession(const TemporarySession&) = delete;
    TemporarySession& operator=(const TemporarySession&) = delete;

    SessionFile& file() { return *file_; }
    const std::filesystem::path& directory() const { return directory_; }
    uint64_t space_taken() const {
        struct stat status {};
        const auto path = directory_ / ("session." + std::to_string(getpid()));
        EXPECT_EQ(stat(path.c_str(), &status), 0);
        return static_cast<uint64_t>(status.st_blocks) * 512;
    }

private:
    std::filesystem::path directory_;
    // On the heap: it is large.
    std::unique_ptr<SessionFile> file_ = std::make_unique<SessionFile>();
};

}  // namespace heapdrift
