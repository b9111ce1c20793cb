// One function's entry in .eh_frame (an FDE with its CIE), and the rule that its program gives for
// one pc. Nothing in the bytes is trusted: what is malformed or not understood is refused.
#pragma once

#include <cstdint>

#include "preload/unwind/byte_cursor.h"
#include "preload/unwind/module_image.h"
#include "preload/unwind/unwind_rule.h"

namespace heapdrift {

struct FrameDescription {
    uint64_t function_begin = 0;
    uint64_t function_end = 0;
    ByteCursor initial_program;  // the CIE's
    ByteCursor program;
    uint64_t code_alignment = 1;
    int64_t data_alignment = 1;
    uint8_t pointer_encoding = 0;
    bool signal_frame = false;
};

bool read_frame_description(const ModuleImage& image, uint64_t address, FrameDescription& out);

// `pc` must lie in the function, by its lookup address.
UnwindRule run_cfi_program(const FrameDescription& description, uint64_t pc, PcKind kind);

// The same, going on from where an earlier call left the function's program, for modules as the
// loader has them. generation: changes when one is unloaded; read before the description was.
UnwindRule run_loaded_cfi_program(const FrameDescription& description, uint64_t pc, PcKind kind,
                                  uint64_t generation);
// In a fork child: another thread of the parent may have been in the midst of the above.
void release_cfi_checkpoints();

}  // namespace heapdrift
