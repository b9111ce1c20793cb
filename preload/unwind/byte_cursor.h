// Reads forward through unwind information. A read beyond the end, or a number too large to be
// one, sets failed() and yields 0: callers check once, after a group of reads. What is read comes
// from files that anyone may have written.
#pragma once

#include <cstdint>

namespace heapdrift {

class ByteCursor {
public:
    ByteCursor() = default;
    ByteCursor(uint64_t begin, uint64_t end) : at_(begin), end_(end), failed_(begin > end) {}

    uint64_t at() const { return at_; }
    bool failed() const { return failed_; }
    bool at_end() const { return failed_ || at_ == end_; }

    uint8_t u8() { return read<uint8_t>(); }
    uint16_t u16() { return read<uint16_t>(); }
    uint32_t u32() { return read<uint32_t>(); }
    uint64_t u64() { return read<uint64_t>(); }

    uint64_t uleb128() {
        // Nearly all are of one byte.
        if (!failed_ && at_ != end_) {
            const uint8_t byte = *reinterpret_cast<const uint8_t*>(at_);
            if (byte < 0x80) {
                ++at_;
                return byte;
            }
        }
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const uint8_t byte = u8();
            value |= uint64_t{byte & 0x7fu} << shift;
            if ((byte & 0x80) == 0) return value;
        }
        failed_ = true;
        return 0;
    }

    int64_t sleb128() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64;) {
            const uint8_t byte = u8();
            value |= uint64_t{byte & 0x7fu} << shift;
            shift += 7;
            if ((byte & 0x80) != 0) continue;
            if (shift < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << shift;
            return static_cast<int64_t>(value);
        }
        failed_ = true;
        return 0;
    }

    void skip(uint64_t size) {
        if (failed_ || size > end_ - at_)
            failed_ = true;
        else
            at_ += size;
    }

    // The next `size` bytes as a cursor of their own.
    ByteCursor take(uint64_t size) {
        const uint64_t begin = at_;
        skip(size);
        ByteCursor part(begin, failed_ ? begin : at_);
        part.failed_ = failed_;
        return part;
    }

    void fail() { failed_ = true; }

private:
    template <typename T>
    T read() {
        if (failed_ || sizeof(T) > end_ - at_) {
            failed_ = true;
            return T{};
        }
        T value;
        __builtin_memcpy(&value, reinterpret_cast<const void*>(at_), sizeof(T));
        at_ += sizeof(T);
        return value;
    }

    uint64_t at_ = 0;
    uint64_t end_ = 0;
    bool failed_ = false;
};

}  // namespace heapdrift
