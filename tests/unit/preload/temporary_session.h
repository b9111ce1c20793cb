// A real session file in a directory of its own, removed at the end of the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
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
    // Of the file, in this process's memory.
    uint64_t resident_bytes() const {
        std::ifstream smaps("/proc/self/smaps");
        uint64_t bytes = 0;
        bool of_file = false;
        for (std::string line; std::getline(smaps, line);) {
            // "Rss:    12 kB" belongs to the mapping that was named last.
            if (line.find('-') < line.find(' '))
                of_file = line.find(directory_.string()) != std::string::npos;
            else if (of_file && line.starts_with("Rss:"))
                bytes += std::stoull(line.substr(4)) * 1024;
        }
        return bytes;
    }

private:
    std::filesystem::path directory_;
    // On the heap: it is large.
    std::unique_ptr<SessionFile> file_ = std::make_unique<SessionFile>();
};

}  // namespace heapdrift
