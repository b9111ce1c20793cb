// The lines of a text file of another tool, which may be compressed with gzip or zstd: unpacked as
// it is read, since a recording unpacks to many times its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/input/foreign/unpacker.h"

namespace heapdrift::input {

class TextLines {
public:
    // `name` is for messages; the bytes must outlive the object.
    TextLines(std::span<const std::byte> bytes, std::string name)
        : TextLines(bytes, std::move(name), UnpackLimits::of(bytes.size())) {}
    TextLines(std::span<const std::byte> bytes, std::string name, const UnpackLimits& limits);
    ~TextLines();
    TextLines(const TextLines&) = delete;
    TextLines& operator=(const TextLines&) = delete;

    // The next line without its end; false behind the last. It holds until the next call. Throws
    // Failure for damaged or incomplete compressed data and for a line that is no line.
    bool next(std::string_view& line);

    // To be called for what stays in memory. Throws Failure beyond the limit.
    void keep(std::string_view text);

    // Throws Failure with the file and the number of the line that next() gave last.
    [[noreturn]] void fail(std::string_view expected) const;

private:
    std::string name_;
    std::unique_ptr<Unpacker> unpacker_;
    UnpackLimits limits_;
    uint64_t unpacked_ = 0;
    uint64_t kept_ = 0;
    std::string text_;  // unpacked; lines before position_ were given out
    size_t position_ = 0;
    size_t number_ = 0;
};

// One number of a line, hexadecimal or decimal, at the front of `rest`, behind blanks; removes it
// and what divides it from the next. False where there is none, or one of more than 64 bits.
bool take_number(std::string_view& rest, int base, uint64_t& number);

}  // namespace heapdrift::input
