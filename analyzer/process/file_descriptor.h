// Owns an open file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace heapdrift::process {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    ~FileDescriptor() { reset(); }
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }

    bool is_open() const { return fd_ >= 0; }
    int get() const { return fd_; }
    // False when what was written may not have reached the file (NFS, quota).
    bool reset() { return fd_ < 0 || close(std::exchange(fd_, -1)) == 0; }

private:
    int fd_ = -1;
};

}  // namespace heapdrift::process
