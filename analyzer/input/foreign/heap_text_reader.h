// The heap profiles of gperftools and tcmalloc ("heap profile: …") and of jemalloc ("heap_v2/…"):
// one point, addresses without names, and a copy of /proc/PID/maps.
#pragma once

#include <string_view>

#include "analyzer/input/foreign/memory_maps.h"
#include "analyzer/input/foreign/text_lines.h"
#include "analyzer/model/profile.h"

namespace heapdrift::input {

bool is_heap_text(std::string_view first_line);
// Whose profile begins with this line; "" for none.
const char* heap_text_recorder(std::string_view first_line);

// Sampled figures are scaled up as the readers of these formats do, by the mean size of a stack's
// blocks. Throws Failure, with the line, for what is not the format.
model::Profile read_heap_text(TextLines& lines, const IdentifyModule& identify);

}  // namespace heapdrift::input
