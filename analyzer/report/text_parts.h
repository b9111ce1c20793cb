// Parts that the text of several commands has in common.
#pragma once

#include <ostream>
#include <string>

#include "analyzer/model/profile.h"
#include "analyzer/report/colour.h"

namespace heapdrift::report {

// Bytes of a recorded program may hold anything: control characters would reach the terminal.
std::string printable(std::string_view text);

std::string command_line_text(const model::SessionInfo& session);
// "exited with status 0", "still running", "was killed: nothing was noted at its end", …
std::string ending_text(const model::SessionInfo& session);
// "@7 (scheduled), 12.0 s", "@last, at the end, 12.0 s"
std::string point_text(const model::Profile& profile);

// Lines of the head: a name in a column of its own, then the text.
void write_line(std::ostream& out, const Palette& palette, const char* name,
                const std::string& text);
// What was not recorded or is not known, each in words; and the recorder's own memory.
void write_losses(std::ostream& out, const Palette& palette, const model::Profile& profile);
// Frames of a stack, innermost first, one to a line; at most `limit`, 0 for all.
void write_stack(std::ostream& out, const Palette& palette, const model::Profile& profile,
                 const model::Site& site, size_t limit);

}  // namespace heapdrift::report
