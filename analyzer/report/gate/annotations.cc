#include <fmt/format.h>

#include "analyzer/report/gate/writers.h"

namespace heapdrift::report {

namespace {

// GitHub shows as many of each kind for a step and drops the rest without a word.
constexpr size_t kMostOfEach = 10;

std::string data(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '%')
            escaped += "%25";
        else if (c == '\r')
            escaped += "%0D";
        else if (c == '\n')
            escaped += "%0A";
        else
            escaped += c;
    }
    return escaped;
}

std::string property(std::string_view text) {
    std::string escaped;
    for (const char c : data(text)) {
        if (c == ':')
            escaped += "%3A";
        else if (c == ',')
            escaped += "%2C";
        else
            escaped += c;
    }
    return escaped;
}

class Writer {
public:
    explicit Writer(std::ostream& out) : out_(out) {}

    void write(model::Level level, const std::string& place, const std::string& title,
               const std::string& text) {
        if (level != model::Level::error && level != model::Level::warning) return;
        size_t& count = level == model::Level::error ? errors_ : warnings_;
        if (++count > kMostOfEach) {
            ++left_out_;
            return;
        }
        out_ << fmt::format("::{} {}title={}::{}\n", model::level_name(level), place,
                            property("heapdrift: " + title), data(text));
    }
    void write_rest() {
        if (left_out_ > 0)
            out_ << fmt::format(
                "::notice title=heapdrift::{} more in the log; a step can show {} of each kind\n",
                left_out_, kMostOfEach);
    }

private:
    std::ostream& out_;
    size_t errors_ = 0;
    size_t warnings_ = 0;
    size_t left_out_ = 0;
};

}  // namespace

void write_check_annotations(std::ostream& out, const CheckDocument& document) {
    Writer writer(out);
    for (const model::JudgedLeak& leak : document.verdict.leaks) {
        const std::vector<model::Frame>& frames = leak.found.frames;
        const model::Frame& frame = frames[document.places.frame_to_show(frames)];
        std::string place;
        if (const auto source = document.places.of(frame); source && source->in_project)
            place = fmt::format("file={},line={},", property(source->file),
                                std::max<uint32_t>(source->line, 1));
        writer.write(leak.level, place, rule(rule_of(leak)).title,
                     fmt::format("{} ({}); {}", leak_text(leak), function_text(frame),
                                 reason_text(leak, document.options)));
    }
    for (const model::JudgedBudget& budget : document.verdict.budgets)
        writer.write(budget.level, "", rule(RuleIndex::budget).title, budget_sentence(budget));
    for (const model::JudgedFigure& figure : document.verdict.figures)
        writer.write(figure.level, "", rule(RuleIndex::figure).title, figure_sentence(figure));
    writer.write_rest();
}

}  // namespace heapdrift::report
