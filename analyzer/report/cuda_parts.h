// CUDA: devices, what went wrong, and how sure it is that all was seen; for text and JSON.
#pragma once

#include <ostream>

#include "analyzer/model/profile.h"
#include "analyzer/report/colour.h"
#include "analyzer/report/json_writer.h"
#include "analyzer/report/text_parts.h"

namespace heapdrift::report {

class FrameTexts;

// "cuda": nothing where no driver was in use. frames: of a stack, 0 for all.
void write_cuda(JsonWriter& json, const model::Profile& profile, FrameTexts& texts, size_t frames);
// Lines of a head.
void write_cuda(std::ostream& out, const Palette& palette, const model::Profile& profile);
// A section with the stacks of what went wrong.
void write_cuda_events(std::ostream& out, const Palette& palette, const model::Profile& profile,
                       StackWriter& stacks);

}  // namespace heapdrift::report
