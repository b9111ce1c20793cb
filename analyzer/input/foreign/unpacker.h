// The bytes of a file that may be compressed with gzip or zstd, unpacked piece by piece: a
// recording unpacks to many times its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace heapdrift::input {

// What a file may be made into, so that a small one from a stranger takes neither hours nor all
// memory. Events pack well (a loop that allocates and frees, to a few thousandths), names and call
// stacks do not.
struct UnpackLimits {
    uint64_t text = 0;  // bytes in all, where it is compressed
    uint64_t kept = 0;  // bytes that keep() was called for

    static UnpackLimits of(size_t packed);
};

class Unpacker {
public:
    virtual ~Unpacker() = default;
    // Appends some bytes; false at the end. Throws Failure for damaged or incomplete compressed
    // data.
    virtual bool unpack(std::string& text) = 0;
};

// `name` is for messages; the bytes must outlive the unpacker.
std::unique_ptr<Unpacker> unpacker_of(std::span<const std::byte> bytes, const std::string& name);

// Whether the bytes begin as those of gzip or zstd do.
bool is_compressed(std::span<const std::byte> bytes);

// What is said of a file beyond its limits.
[[noreturn]] void throw_unpacks_too_much(const std::string& name, const UnpackLimits& limits);
[[noreturn]] void throw_keeps_too_much(const std::string& name, const UnpackLimits& limits);

}  // namespace heapdrift::input
