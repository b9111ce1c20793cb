#include <fmt/format.h>

#include "analyzer/report/gate/writers.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

// Callers shown below a leak, up to main; machine output has them all.
constexpr size_t kNotes = 6;

class Writer {
public:
    Writer(std::ostream& out, const CheckDocument& document, const Palette& palette)
        : out_(out), document_(document), palette_(palette) {}

    void write_leak(const model::JudgedLeak& leak) {
        const std::vector<model::Frame>& stack = leak.found.frames;
        const size_t shown = document_.places.frame_to_show(stack);
        line(stack[shown], leak.level,
             fmt::format("{}; {} [{}]", leak_text(leak), reason_text(leak, document_.options),
                         rule(rule_of(leak)).id));
        size_t end = shown;
        while (end < stack.size() && stack[end].function != "main") ++end;
        end = std::min(end + 1, stack.size());
        const size_t last = std::min(end, shown + kNotes);
        for (size_t i = shown; i < last; ++i)
            line(stack[i], model::Level::note,
                 fmt::format("{} {}", i == shown ? "allocated in" : "called from",
                             printable(function_text(stack[i]))));
        if (last < end) out_ << fmt::format("  and {} more\n", count_text(end - last, "caller"));
    }

    void write_line(model::Level level, const std::string& text, RuleIndex index) {
        out_ << "heapdrift: " << level_text(level) << printable(text)
             << fmt::format(" [{}]\n", rule(index).id);
    }

private:
    void line(const model::Frame& frame, model::Level level, const std::string& text) {
        const auto place = document_.places.of(frame);
        const std::string where =
            place ? fmt::format("{}:{}:1", place->file, std::max<uint32_t>(place->line, 1))
                  : model::base_name(frame.module);
        out_ << palette_.strong(printable(where.empty() ? "?" : where) + ": ") << level_text(level)
             << text << '\n';
    }

    std::string level_text(model::Level level) const {
        const std::string text = fmt::format("{}: ", model::level_name(level));
        if (level == model::Level::error) return palette_.more(text);
        return level == model::Level::warning ? palette_.warning(text) : palette_.faint(text);
    }

    std::ostream& out_;
    const CheckDocument& document_;
    const Palette& palette_;
};

void write_suppressions(std::ostream& out, const CheckDocument& document) {
    for (const model::SuppressionRule& rule : document.suppressions)
        if (rule.hits == 0)
            out << fmt::format("heapdrift: note: {} matched nothing ({})\n", printable(rule.text),
                               printable(rule.origin));
}

}  // namespace

void write_check_text(std::ostream& out, const CheckDocument& document, const Palette& palette) {
    const model::GateVerdict& verdict = document.verdict;
    Writer writer(out, document, palette);
    uint64_t lost_bytes = 0;
    uint64_t lost_blocks = 0;
    for (const model::JudgedLeak& leak : verdict.leaks) {
        if (leak.level == model::Level::pass) continue;
        writer.write_leak(leak);
        if (leak.level != model::Level::error) continue;
        lost_bytes += leak.bytes();
        lost_blocks += leak.blocks();
    }
    for (const model::JudgedBudget& budget : verdict.budgets)
        if (budget.level != model::Level::pass)
            writer.write_line(budget.level, budget_sentence(budget), RuleIndex::budget);
    for (const model::JudgedFigure& figure : verdict.figures)
        if (figure.level != model::Level::pass)
            writer.write_line(figure.level, figure_sentence(figure), RuleIndex::figure);
        else if (figure.comparison.change == model::Change::noise)
            writer.write_line(model::Level::note, figure_sentence(figure), RuleIndex::figure);
    for (const model::BaselineLeak& leak : verdict.vanished)
        out << fmt::format("heapdrift: {}: {}\n", document.options.strict ? "error" : "note",
                           printable(vanished_text(leak)));
    write_suppressions(out, document);
    for (const std::string& gap : gaps(document))
        out << "heapdrift: not judged: " << printable(gap) << '\n';
    if (document.program_failed())
        out << fmt::format(
            "heapdrift: the program failed with exit code {}, which is kept whatever it leaks\n",
            *document.program_exit);
    out << palette.strong(
               fmt::format("heapdrift: {} in {}{}", verdict_text(document),
                           count_text(document.processes.size(), "process"),
                           verdict.runs > 1 ? fmt::format(" of {} runs", verdict.runs) : ""))
        << '\n';
    if (lost_blocks > 0)
        out << fmt::format("SUMMARY: heapdrift: {} byte(s) leaked in {} allocation(s).\n",
                           lost_bytes, lost_blocks);
}

}  // namespace heapdrift::report
