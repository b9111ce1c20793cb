#include "analyzer/report/export/collapsed.h"

#include <algorithm>

#include "analyzer/report/export/frame_numbers.h"

namespace heapdrift::report {

namespace {

// The format has no escapes: a semicolon would be the end of the frame, a line break of the stack.
std::string collapsed_text(const model::Frame& frame, const model::CodeAddress*) {
    std::string text = function_or_place(frame);
    std::ranges::replace(text, ';', ':');
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
}

void write_stack(std::ostream& out, const TextTable& texts, const NumberedStack& stack) {
    for (size_t i = stack.size(); i-- > 0;) out << texts.text(stack[i]) << (i == 0 ? ' ' : ';');
}

}  // namespace

void write_collapsed(std::ostream& out, const ExportDocument& document, model::Column column) {
    TextTable texts;
    FrameNumbers frames(document.profile, texts, collapsed_text);
    StackSums<uint64_t> sums;
    for (const model::Site& site : document.profile.sites) {
        const uint64_t value = model::value(site.figures, column);
        if (value != 0) sums[frames.stack(site)] += value;
    }
    for (const auto& [stack, value] : sums) {
        write_stack(out, texts, stack);
        out << value << '\n';
    }
}

void write_collapsed_diff(std::ostream& out, const DiffDocument& document, model::Column column) {
    struct Change {
        uint64_t before = 0;
        uint64_t after = 0;
    };
    TextTable texts;
    FrameNumbers old_frames(document.old_profile, texts, collapsed_text);
    FrameNumbers new_frames(document.new_profile, texts, collapsed_text);
    StackSums<Change> sums;
    for (const model::DiffRow& row : document.rows) {
        const uint64_t before = model::value(row.old_figures, column);
        const uint64_t after = model::value(row.new_figures, column);
        if (!row.site || (before == 0 && after == 0)) continue;
        const model::Profile& side = document.side_of(row);
        FrameNumbers& frames = &side == &document.old_profile ? old_frames : new_frames;
        Change& change = sums[frames.stack(side.sites[*row.site])];
        change.before += before;
        change.after += after;
    }
    for (const auto& [stack, change] : sums) {
        write_stack(out, texts, stack);
        out << change.before << ' ' << change.after << '\n';
    }
}

}  // namespace heapdrift::report
