#include <fmt/format.h>

#include "analyzer/report/gate/writers.h"
#include "analyzer/report/json_writer.h"

namespace heapdrift::report {

namespace {

std::string texts(const std::vector<std::string>& values) {
    std::string json;
    for (const std::string& value : values) json += (json.empty() ? "" : ", ") + json_string(value);
    return "[" + json + "]";
}

std::string figure_json(const model::BaselineFigure& figure) {
    return fmt::format(R"({{"program": {}, "metric": "{}", "values": [{}]}})",
                       json_string(figure.program), model::metric_name(figure.metric),
                       fmt::join(figure.values, ", "));
}

std::string leak_json(const model::BaselineLeak& leak) {
    return fmt::format(
        R"({{"id": "{}", "stack": {}, "domain": "{}", "kind": "{}", "blocks": {}, "bytes": {}, "programs": {}}})",
        leak.identity.id(), texts(leak.identity.stack), domain_name(leak.identity.domain),
        model::leak_kind_name(leak.kind), leak.blocks, leak.bytes, texts(leak.programs));
}

template <typename Entry>
void write_entries(std::ostream& out, const char* name, const std::vector<Entry>& entries,
                   std::string (*json)(const Entry&)) {
    out << fmt::format(" \"{}\": [", name);
    for (size_t i = 0; i < entries.size(); ++i)
        out << (i == 0 ? "\n  " : ",\n  ") << json(entries[i]);
    out << (entries.empty() ? "]" : "\n ]");
}

}  // namespace

void write_baseline(std::ostream& out, const model::Baseline& baseline) {
    out << "{\n \"schema\": 1,\n";
    write_entries(out, "figures", baseline.figures, figure_json);
    out << ",\n";
    write_entries(out, "leaks", baseline.leaks, leak_json);
    out << "\n}\n";
}

}  // namespace heapdrift::report
