#include <fmt/format.h>

#include <sstream>

#include "analyzer/report/gate/writers.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

// Templates have < and >, tables |, and a name might be made to look like a link.
std::string cell(std::string_view text) {
    std::string escaped;
    for (const char c : printable(text)) {
        if (std::string_view("\\`*_{}[]()#+!|<>&@~").find(c) != std::string_view::npos)
            escaped += fmt::format("&#{};", static_cast<int>(c));
        else
            escaped += c;
    }
    return escaped;
}

const char* sign(model::Level level) {
    switch (level) {
        case model::Level::error:
            return "❌";
        case model::Level::warning:
            return "⚠️";
        default:
            return "✅";
    }
}

std::string where(const CheckDocument& document, const model::JudgedLeak& leak) {
    const std::vector<model::Frame>& frames = leak.found.frames;
    const model::Frame& frame = frames[document.places.frame_to_show(frames)];
    const auto place = document.places.of(frame);
    std::string text = cell(function_text(frame));
    if (place) text += "<br>" + cell(fmt::format("{}:{}", place->file, place->line));
    return text;
}

std::vector<std::string> leak_rows(const CheckDocument& document) {
    std::vector<std::string> rows;
    for (const model::JudgedLeak& leak : document.verdict.leaks)
        if (leak.level != model::Level::pass)
            rows.push_back(fmt::format("| {} | {} | {} | {} | {} |\n", sign(leak.level),
                                       where(document, leak), format_bytes(leak.bytes()),
                                       format_count(leak.blocks()),
                                       cell(reason_text(leak, document.options))));
    return rows;
}

std::vector<std::string> other_rows(const CheckDocument& document) {
    std::vector<std::string> rows;
    for (const model::JudgedBudget& budget : document.verdict.budgets)
        rows.push_back(fmt::format("| {} | {} | {} |\n", sign(budget.level),
                                   cell(budget.budget.name), cell(budget_sentence(budget))));
    for (const model::JudgedFigure& figure : document.verdict.figures)
        rows.push_back(
            fmt::format("| {} | | {} |\n", sign(figure.level), cell(figure_sentence(figure))));
    return rows;
}

// What does not fit is left out from the end, and counted.
class Limited {
public:
    Limited(std::ostream& out, size_t limit) : out_(out), left_(limit), limited_(limit != 0) {}

    bool add(const std::string& text) {
        if (full_ || (limited_ && text.size() > left_)) {
            full_ = true;
            return false;
        }
        left_ -= limited_ ? text.size() : 0;
        out_ << text;
        return true;
    }
    void add_table(const std::string& head, const std::vector<std::string>& rows) {
        if (rows.empty()) return;
        add(head);
        size_t written = 0;
        for (const std::string& row : rows)
            if (add(row)) ++written;
        left_out_ += rows.size() - written;
    }
    size_t left_out() const { return left_out_; }

private:
    std::ostream& out_;
    size_t left_;
    bool limited_;
    bool full_ = false;
    size_t left_out_ = 0;
};

}  // namespace

void write_check_markdown(std::ostream& out, const CheckDocument& document, size_t limit) {
    // Room for the last sentence.
    constexpr size_t kReserve = 200;
    Limited limited(out, limit == 0 ? 0 : limit - std::min(limit - 1, kReserve));
    const bool failed = document.exit_code != 0;
    limited.add(
        fmt::format("### {} heapdrift: {}\n\n", failed ? "❌" : "✅", cell(verdict_text(document))));
    if (document.program_failed())
        limited.add(
            fmt::format("The program failed with exit code {}.\n\n", *document.program_exit));
    limited.add_table("| | Where | Memory | Blocks | |\n|---|---|---|---|---|\n",
                      leak_rows(document));
    limited.add_table("\n| | Budget | |\n|---|---|---|\n", other_rows(document));
    for (const model::BaselineLeak& leak : document.verdict.vanished)
        limited.add("\n- " + cell(vanished_text(leak)));
    for (const std::string& gap : gaps(document)) limited.add("\n- not judged: " + cell(gap));
    limited.add("\n");
    if (limited.left_out() > 0)
        out << fmt::format("\n{} left out here; the job's log and the SARIF file have all.\n",
                           count_text(limited.left_out(), "row"));
}

}  // namespace heapdrift::report
