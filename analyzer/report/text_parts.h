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

// "exact: every allocation", and of sampled mode how to read its figures.
std::string mode_text(const model::SessionInfo& session);

// Lines of the head: a name in a column of its own, then the text.
void write_line(std::ostream& out, const Palette& palette, const char* name,
                const std::string& text);
// The first two lines of a head: what ran and how it ended; when, for how long and how it was
// recorded.
void write_session(std::ostream& out, const Palette& palette, const model::SessionInfo& session);
// What was not recorded or is not known, each in words; and the recorder's own memory.
void write_losses(std::ostream& out, const Palette& palette, const model::Profile& profile);
// What happened, and what still holds; of losses that have a stop_reason, and of confined ones.
std::string stopped_text(const model::Losses& losses);
inline constexpr const char* kConfinedText =
    "the program confined itself (seccomp), and the recorder made no system call since: known call "
    "stacks were counted on; new stacks and threads may be dropped, and stacks truncated";
// Writes the frames of stacks, innermost first, one to a line; at most `limit`, 0 for all.
class StackWriter {
public:
    StackWriter(std::ostream& out, const Palette& palette, size_t limit)
        : out_(out), palette_(palette), limit_(limit) {}

    void write(const model::Profile& profile, const model::Site& site);
    // Once, at the end: how to see the frames that were left out, if some were.
    void write_hint() const;

private:
    std::ostream& out_;
    const Palette& palette_;
    size_t limit_;
    bool cut_ = false;
};

}  // namespace heapdrift::report
