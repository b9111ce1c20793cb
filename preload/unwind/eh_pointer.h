// Pointers in .eh_frame: a byte says how they are written and what they are relative to.
#pragma once

#include <cstdint>

#include "preload/unwind/byte_cursor.h"

namespace heapdrift {

inline constexpr uint8_t kEhPointerFormatMask = 0x0f;

// Without the base it is relative to. An unknown format fails the cursor.
inline uint64_t read_eh_value(ByteCursor& cursor, uint8_t format) {
    switch (format & kEhPointerFormatMask) {
        case 0x00:
        case 0x04:
        case 0x0c:
            return cursor.u64();
        case 0x01:
            return cursor.uleb128();
        case 0x02:
            return cursor.u16();
        case 0x03:
            return cursor.u32();
        case 0x09:
            return static_cast<uint64_t>(cursor.sleb128());
        case 0x0a:
            return static_cast<uint64_t>(int64_t{static_cast<int16_t>(cursor.u16())});
        case 0x0b:
            return static_cast<uint64_t>(int64_t{static_cast<int32_t>(cursor.u32())});
        default:
            cursor.fail();
            return 0;
    }
}

// Absolute or relative to the pointer's own place, which is all that x86-64 toolchains write for
// code. Indirect pointers and other bases fail the cursor.
inline uint64_t read_eh_pointer(ByteCursor& cursor, uint8_t encoding) {
    const uint64_t place = cursor.at();
    const uint64_t value = read_eh_value(cursor, encoding);
    switch (encoding & ~kEhPointerFormatMask) {
        case 0x00:
            return value;
        case 0x10:
            return place + value;
        default:
            cursor.fail();
            return 0;
    }
}

inline void skip_eh_pointer(ByteCursor& cursor, uint8_t encoding) {
    constexpr uint8_t kOmitted = 0xff;
    constexpr uint8_t kAligned = 0x50;
    if (encoding == kAligned) return cursor.fail();
    if (encoding != kOmitted) read_eh_value(cursor, encoding);
}

}  // namespace heapdrift
