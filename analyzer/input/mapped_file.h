// A file's bytes, mapped for reading. A session that is still being written shows its present
// state at every look.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace heapdrift::input {

class MappedFile {
public:
    // Throws Failure, naming the file and the reason.
    static MappedFile open(const std::string& path);
    // Takes the descriptor; `name` is for messages.
    static MappedFile adopt(int fd, const std::string& name);

    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    std::span<const std::byte> bytes() const { return {base_, size_}; }
    dev_t device() const { return device_; }
    ino_t inode() const { return inode_; }

    // Maps what the file has grown by. Spans given out before are no longer valid.
    void refresh();

private:
    MappedFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
    void map();
    void release();

    int fd_ = -1;
    std::string name_;
    const std::byte* base_ = nullptr;
    size_t size_ = 0;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace heapdrift::input
