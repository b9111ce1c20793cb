#include "analyzer/symbolize/symbolizer.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <tuple>
#include <utility>

#include "analyzer/symbolize/module_symbolizer.h"

namespace heapdrift::symbolize {
namespace {

constexpr const char* kServers = "DEBUGINFOD_URLS";
constexpr const char* kDebugRoot = "/usr/lib/debug";

// libdwfl asks the servers named in the environment for every file that it does not find; without
// this variable it never does.
class WithoutDebuginfod {
public:
    explicit WithoutDebuginfod(bool wanted) {
        const char* servers = wanted ? std::getenv(kServers) : nullptr;
        if (servers == nullptr) return;
        servers_ = servers;
        unsetenv(kServers);
    }
    ~WithoutDebuginfod() {
        if (servers_) setenv(kServers, servers_->c_str(), 1);
    }
    WithoutDebuginfod(const WithoutDebuginfod&) = delete;
    WithoutDebuginfod& operator=(const WithoutDebuginfod&) = delete;

private:
    std::optional<std::string> servers_;
};

std::vector<Query> sorted_distinct(std::vector<Query> queries) {
    auto key = [](const Query& query) { return std::tuple(query.module, query.lookup_offset); };
    std::sort(queries.begin(), queries.end(),
              [&](const Query& a, const Query& b) { return key(a) < key(b); });
    queries.erase(std::unique(queries.begin(), queries.end(),
                              [&](const Query& a, const Query& b) { return key(a) == key(b); }),
                  queries.end());
    return queries;
}

}  // namespace

SymbolTable symbolize(const std::vector<model::Module>& modules, const std::vector<Query>& queries,
                      const Options& options) {
    WithoutDebuginfod offline(!options.debuginfod);
    std::vector<std::string> debug_roots{options.debug_root};
    if (options.debug_root != kDebugRoot) debug_roots.emplace_back(kDebugRoot);

    SymbolTable table;
    const std::vector<Query> wanted = sorted_distinct(queries);
    for (auto first = wanted.begin(); first != wanted.end();) {
        const uint32_t number = first->module;
        std::vector<uint64_t> addresses;
        size_t reported = table.size();
        for (; first != wanted.end() && first->module == number; ++first) {
            addresses.push_back(first->lookup_offset);
        }
        std::vector<model::Locations> locations(addresses.size());
        if (number < modules.size()) {
            locations = symbolize_module(modules[number], addresses, debug_roots, [&](size_t more) {
                reported += more;
                if (options.progress) options.progress(reported, wanted.size());
            });
        }
        for (size_t i = 0; i < addresses.size(); ++i) {
            table.insert(number, addresses[i], std::move(locations[i]));
        }
        if (options.progress) options.progress(table.size(), wanted.size());
    }
    return table;
}

}  // namespace heapdrift::symbolize
