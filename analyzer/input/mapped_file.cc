#include "analyzer/input/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "analyzer/model/failure.h"

namespace heapdrift::input {

MappedFile MappedFile::open(const std::string& path) {
    // Non-blocking: a FIFO in the place of a session must be an error and not a wait.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) throw Failure(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    return adopt(fd, path);
}

MappedFile MappedFile::adopt(int fd, const std::string& name) {
    MappedFile file(fd, name);
    file.map();
    return file;
}

void MappedFile::map() {
    struct stat status;
    if (fstat(fd_, &status) != 0)
        throw Failure(fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
    if (!S_ISREG(status.st_mode))
        throw Failure(fmt::format("cannot read {}: not a regular file", name_));
    device_ = status.st_dev;
    inode_ = status.st_ino;
    size_ = static_cast<size_t>(status.st_size);
    if (size_ == 0) return;
    void* memory = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd_, 0);
    if (memory == MAP_FAILED) {
        size_ = 0;
        throw Failure(fmt::format("cannot map {}: {}", name_, std::strerror(errno)));
    }
    base_ = static_cast<const std::byte*>(memory);
}

void MappedFile::refresh() {
    struct stat status;
    if (fstat(fd_, &status) == 0 && static_cast<size_t>(status.st_size) == size_) return;
    if (base_ != nullptr) munmap(const_cast<std::byte*>(base_), size_);
    base_ = nullptr;
    map();
}

void MappedFile::release() {
    if (base_ != nullptr) munmap(const_cast<std::byte*>(base_), size_);
    if (fd_ >= 0) close(fd_);
    base_ = nullptr;
    fd_ = -1;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      base_(std::exchange(other.base_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      device_(other.device_),
      inode_(other.inode_) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    if (this == &other) return *this;
    release();
    fd_ = std::exchange(other.fd_, -1);
    name_ = std::move(other.name_);
    base_ = std::exchange(other.base_, nullptr);
    size_ = std::exchange(other.size_, 0);
    device_ = other.device_;
    inode_ = other.inode_;
    return *this;
}

MappedFile::~MappedFile() {
    release();
}

}  // namespace heapdrift::input
