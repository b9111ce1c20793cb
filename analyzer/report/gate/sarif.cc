// Results as the standard has them, twice where consumers differ: the call stack as `stacks`, which
// viewers show, and as `codeFlows`, which GitHub shows; the fingerprint under a name of our own and
// under the only one that GitHub reads.
#include <fmt/format.h>

#include <cmath>

#include "analyzer/report/gate/writers.h"
#include "analyzer/report/json_writer.h"

namespace heapdrift::report {

namespace {

// GitHub keeps the 5,000 worst of 25,000 results; none has as many frames as it takes.
constexpr size_t kMostResults = 5'000;
constexpr const char* kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

// A path as a URI: what may not stand in one is escaped.
std::string uri(const std::string& path) {
    std::string text;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') ||
                           std::string_view("/-._~+").find(c) != std::string_view::npos;
        text += plain
                    ? std::string(1, c)
                    : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return text;
}

const char* sarif_level(model::Level level) {
    return level == model::Level::pass ? "none" : model::level_name(level);
}

class Writer {
public:
    Writer(std::ostream& out, const CheckDocument& document) : json_(out), document_(document) {}

    void write() {
        json_.begin_object();
        json_.key("$schema").text(kSchema);
        json_.key("version").text("2.1.0");
        json_.key("runs").begin_array().begin_object();
        write_tool();
        json_.key("automationDetails").begin_object();
        json_.key("id").text(fmt::format("heapdrift/{}/", suite()));
        json_.end_object();
        write_invocation();
        json_.key("columnKind").text("utf16CodeUnits");
        if (!document_.places.root().empty()) write_root();
        json_.key("results").begin_array();
        size_t written = 0;
        for (const model::JudgedLeak& leak : document_.verdict.leaks)
            if (written++ < kMostResults) write_leak(leak);
        for (const model::JudgedBudget& budget : document_.verdict.budgets)
            if (budget.level != model::Level::pass)
                write_result(RuleIndex::budget, budget.level, budget_sentence(budget),
                             budget.program + budget_text(budget.budget));
        for (const model::JudgedFigure& figure : document_.verdict.figures)
            if (figure.level != model::Level::pass)
                write_result(RuleIndex::figure, figure.level, figure_sentence(figure),
                             figure.program + model::metric_name(figure.metric));
        json_.end_array();
        json_.end_object().end_array().end_object();
    }

private:
    std::string suite() const {
        return document_.processes.empty() ? "check" : uri(document_.processes.front().program);
    }

    void write_text(const char* key, const std::string& text) {
        json_.key(key).begin_object();
        json_.key("text").text(text);
        json_.end_object();
    }

    void write_tool() {
        json_.key("tool").begin_object().key("driver").begin_object();
        json_.key("name").text("heapdrift");
        json_.key("version").text(HEAPDRIFT_VERSION);
        json_.key("rules").begin_array();
        for (size_t i = 0; i < kCheckRules; ++i) {
            const CheckRule& each = rule(static_cast<RuleIndex>(i));
            json_.begin_object();
            json_.key("id").text(each.id);
            write_text("shortDescription", each.title);
            write_text("fullDescription", each.description);
            write_text("help", each.help);
            json_.key("properties").begin_object();
            json_.key("precision")
                .text(i == static_cast<size_t>(RuleIndex::growth) ? "high" : "very-high");
            json_.key("problem.severity").text("error");
            json_.key("tags").begin_array().text("memory").end_array();
            json_.end_object();
            json_.end_object();
        }
        json_.end_array().end_object().end_object();
    }

    void write_invocation() {
        json_.key("invocations").begin_array().begin_object();
        json_.key("executionSuccessful").boolean(!document_.program_failed());
        if (document_.program_exit)
            json_.key("exitCode").number(static_cast<uint64_t>(*document_.program_exit));
        if (const std::vector<std::string> texts = gaps(document_); !texts.empty()) {
            json_.key("toolExecutionNotifications").begin_array();
            for (const std::string& text : texts) {
                json_.begin_object();
                json_.key("level").text("note");
                write_text("message", text);
                json_.end_object();
            }
            json_.end_array();
        }
        json_.end_object().end_array();
    }

    void write_root() {
        json_.key("originalUriBaseIds").begin_object().key("%SRCROOT%").begin_object();
        json_.key("uri").text("file://" + uri(document_.places.root()) +
                              (document_.places.root() == "/" ? "" : "/"));
        json_.end_object().end_object();
    }

    // Of a frame without a file: the module and the place in it.
    void write_location(const model::Frame& frame, const std::string& message) {
        json_.begin_object();
        if (const auto place = document_.places.of(frame)) {
            json_.key("physicalLocation").begin_object();
            json_.key("artifactLocation").begin_object();
            if (place->file.starts_with('/')) {
                json_.key("uri").text("file://" + uri(place->file));
            } else {
                json_.key("uri").text(uri(place->file));
                json_.key("uriBaseId").text("%SRCROOT%");
            }
            json_.end_object();
            json_.key("region").begin_object();
            const uint64_t line = std::max<uint64_t>(place->line, 1);
            json_.key("startLine").number(line).key("startColumn").number(1);
            json_.key("endLine").number(line).key("endColumn").number(2);
            json_.end_object().end_object();
        }
        json_.key("logicalLocations").begin_array().begin_object();
        json_.key("fullyQualifiedName").text(function_text(frame));
        json_.key("kind").text("function");
        json_.end_object().end_array();
        if (!message.empty()) write_text("message", message);
        json_.end_object();
    }

    void write_stack(const std::vector<model::Frame>& frames, const std::string& message) {
        json_.key("stacks").begin_array().begin_object();
        write_text("message", message);
        json_.key("frames").begin_array();
        for (const model::Frame& frame : frames) {
            json_.begin_object();
            json_.key("location");
            write_location(frame, "");
            if (!frame.module.empty()) json_.key("module").text(model::base_name(frame.module));
            json_.end_object();
        }
        json_.end_array().end_object().end_array();
        json_.key("codeFlows").begin_array().begin_object().key("threadFlows").begin_array();
        json_.begin_object().key("locations").begin_array();
        for (size_t i = frames.size(); i-- > 0;) {
            json_.begin_object();
            json_.key("location");
            write_location(frames[i],
                           (i == 0 ? "allocates in " : "calls from ") + function_text(frames[i]));
            json_.end_object();
        }
        json_.end_array().end_object().end_array().end_object().end_array();
    }

    void write_fingerprints(const std::string& id) {
        json_.key("partialFingerprints").begin_object();
        json_.key("primaryLocationLineHash").text(id + ":1");
        json_.key("heapdriftStack/v1").text(id);
        json_.end_object();
    }

    void write_leak(const model::JudgedLeak& leak) {
        const std::string message =
            fmt::format("{}; {}", leak_text(leak), reason_text(leak, document_.options));
        json_.begin_object();
        write_kind(rule_of(leak), leak.level, message);
        constexpr const char* kStates[] = {"new", "updated", "unchanged", "unchanged"};
        json_.key("baselineState").text(kStates[static_cast<size_t>(leak.state)]);
        json_.key("occurrenceCount").number(std::max<uint64_t>(leak.blocks(), 1));
        json_.key("rank").raw_value(fmt::format(
            "{:.1f}", leak.found.lost_blocks > 0 ? 100.0 : 100 * leak.found.growth_score));
        json_.key("locations").begin_array();
        const std::vector<model::Frame>& frames = leak.found.frames;
        write_location(frames[document_.places.frame_to_show(frames)], "");
        json_.end_array();
        write_fingerprints(leak.found.identity.id());
        write_stack(frames, "allocated here");
        if (leak.state == model::LeakState::suppressed) {
            json_.key("suppressions").begin_array().begin_object();
            json_.key("kind").text("external");
            json_.key("justification").text(leak.found.suppressed_by);
            json_.end_object().end_array();
        }
        json_.end_object();
    }

    void write_kind(RuleIndex index, model::Level level, const std::string& message) {
        json_.key("ruleId").text(rule(index).id);
        json_.key("ruleIndex").number(static_cast<uint64_t>(index));
        json_.key("kind").text(level == model::Level::pass ? "pass" : "fail");
        json_.key("level").text(sarif_level(level));
        write_text("message", message);
    }

    // GitHub shows nothing without a place: these have none in the source, and stand at the file
    // that a person would change.
    void write_result(RuleIndex index, model::Level level, const std::string& message,
                      const std::string& fingerprint) {
        json_.begin_object();
        write_kind(index, level, message);
        json_.key("locations").begin_array().begin_object().key("physicalLocation").begin_object();
        json_.key("artifactLocation").begin_object();
        json_.key("uri").text(index == RuleIndex::budget
                                  ? "heapdrift.toml"
                                  : uri(model::base_name(document_.baseline_path)));
        json_.key("uriBaseId").text("%SRCROOT%");
        json_.end_object();
        json_.key("region").begin_object();
        json_.key("startLine").number(1).key("startColumn").number(1);
        json_.key("endLine").number(1).key("endColumn").number(2);
        json_.end_object().end_object().end_object().end_array();
        write_fingerprints(model::LeakIdentity{.stack = {fingerprint}}.id());
        json_.end_object();
    }

    JsonWriter json_;
    const CheckDocument& document_;
};

}  // namespace

void write_check_sarif(std::ostream& out, const CheckDocument& document) {
    Writer(out, document).write();
}

}  // namespace heapdrift::report
