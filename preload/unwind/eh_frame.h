// Rules straight from the unwind information of the loaded modules. About a microsecond each:
// the rule table in front makes it once per pc.
#pragma once

#include <cstdint>

#include "preload/unwind/module_image.h"
#include "preload/unwind/unwind_rule.h"

namespace heapdrift {

// Looks `pc` up in one module: through the sorted table of .eh_frame_hdr only, which every linker
// writes. Without it, refused.
UnwindRule find_rule(const ModuleImage& image, uint64_t pc, PcKind kind);

struct ComputedRule {
    UnwindRule rule;
    // False where no module holds the pc: one may be loaded there, at any time and unnoticed.
    bool lasting;
};

ComputedRule compute_rule(uint64_t pc, PcKind kind);

}  // namespace heapdrift
