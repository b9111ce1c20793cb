#include "preload/unwind/cfi_program.h"
#include "preload/unwind/eh_pointer.h"

namespace heapdrift {
namespace {

// No compiler comes near it; a larger record is damage, and would take long to run.
constexpr uint64_t kMaxRecordSize = 1u << 20;
constexpr uint64_t kReturnAddressColumn = 16;

// A length, then that many bytes. Fails on the terminator, whose length is 0.
ByteCursor read_record(const ModuleImage& image, uint64_t address) {
    ByteCursor header = image.cursor(address, 12);
    uint64_t length = header.u32();
    if (length == 0xffffffff) length = header.u64();
    ByteCursor none(1, 0);
    if (header.failed() || length == 0 || length > kMaxRecordSize) return none;
    if (!image.readable(header.at(), length)) return none;
    return ByteCursor(header.at(), header.at() + length);
}

bool read_augmentation(ByteCursor& cie, FrameDescription& out, bool& has_data) {
    constexpr unsigned kMaxLetters = 8;
    char letters[kMaxLetters + 1] = {};
    unsigned count = 0;
    for (char letter; (letter = static_cast<char>(cie.u8())) != '\0' && !cie.failed();) {
        if (count == kMaxLetters) return false;
        letters[count++] = letter;
    }
    out.code_alignment = 0;
    has_data = letters[0] == 'z';
    if (cie.failed() || (count != 0 && !has_data)) return false;
    out.code_alignment = cie.uleb128();
    out.data_alignment = cie.sleb128();
    // One byte in version 1 and LEB128 later: the same for the only column that is accepted.
    if (cie.u8() != kReturnAddressColumn) return false;
    if (!has_data) return !cie.failed();
    ByteCursor data = cie.take(cie.uleb128());
    for (unsigned i = 1; i < count; ++i) {
        switch (letters[i]) {
            case 'R':
                out.pointer_encoding = data.u8();
                break;
            case 'P':
                skip_eh_pointer(data, data.u8());
                break;
            case 'L':
                data.u8();
                break;
            case 'S':
                out.signal_frame = true;
                break;
            default:
                return false;
        }
    }
    return !data.failed() && !cie.failed();
}

bool read_cie(const ModuleImage& image, uint64_t address, FrameDescription& out, bool& has_data) {
    ByteCursor cie = read_record(image, address);
    if (cie.u32() != 0) return false;  // an FDE
    const uint8_t version = cie.u8();
    if (version != 1 && version != 3) return false;
    if (!read_augmentation(cie, out, has_data)) return false;
    out.initial_program = cie;
    return true;
}

}  // namespace

bool read_frame_description(const ModuleImage& image, uint64_t address, FrameDescription& out) {
    ByteCursor fde = read_record(image, address);
    const uint64_t id_at = fde.at();
    const uint32_t cie_distance = fde.u32();
    if (fde.failed() || cie_distance == 0 || cie_distance > id_at) return false;
    bool has_data = false;
    if (!read_cie(image, id_at - cie_distance, out, has_data)) return false;
    out.function_begin = read_eh_pointer(fde, out.pointer_encoding);
    const uint64_t size = read_eh_pointer(fde, out.pointer_encoding & kEhPointerFormatMask);
    if (__builtin_add_overflow(out.function_begin, size, &out.function_end)) return false;
    if (has_data) fde.skip(fde.uleb128());
    out.program = fde;
    return !fde.failed();
}

}  // namespace heapdrift
