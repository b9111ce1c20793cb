#include "analyzer/commands/names.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

#include "analyzer/symbolize/symbolizer.h"

namespace heapdrift::commands {

namespace {

class ProgressBar {
public:
    ProgressBar() : enabled_(isatty(STDERR_FILENO) == 1), started_(Clock::now()) {}
    ~ProgressBar() {
        if (drawn_) fmt::print(stderr, "\r\x1b[K");
    }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void update(size_t done, size_t total) {
        const Clock::time_point now = Clock::now();
        if (!enabled_ || now - started_ < kPatience || now - last_ < kRefresh || total == 0) return;
        last_ = now;
        drawn_ = true;
        const size_t filled = kWidth * done / total;
        fmt::print(stderr, "\rsymbolizing [{:#<{}}{:<{}}] {} of {}", "", filled, "",
                   kWidth - filled, done, total);
        std::fflush(stderr);
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds kPatience{500};
    static constexpr std::chrono::milliseconds kRefresh{100};
    static constexpr size_t kWidth = 30;

    bool enabled_;
    bool drawn_ = false;
    Clock::time_point started_;
    Clock::time_point last_;
};

bool has_code(const model::CodeAddress& address) {
    return address.module != kNoModule &&
           (address.kind == FrameKind::native || address.kind == FrameKind::interrupted);
}

std::vector<symbolize::Query> symbol_queries(const model::Profile& profile) {
    std::vector<symbolize::Query> queries;
    for (const model::CodeAddress& address : profile.addresses)
        if (has_code(address)) queries.push_back({address.module, address.lookup_offset()});
    return queries;
}

}  // namespace

void name_addresses(input::LoadedSession& session, const NameOptions& options) {
    model::Profile& profile = session.profile;
    if (options.skip) return;
    std::optional<symbolize::SymbolTable> table;
    if (!session.embedded_symbols.empty())
        table = symbolize::SymbolTable::decode(session.embedded_symbols);
    if (!table) {
        ProgressBar bar;
        symbolize::Options how;
        how.debuginfod = options.debuginfod;
        how.progress = [&bar](size_t done, size_t total) { bar.update(done, total); };
        table = symbolize::symbolize(profile.modules, symbol_queries(profile), how);
    }
    profile.locations.resize(profile.addresses.size());
    for (size_t i = 0; i < profile.addresses.size(); ++i) {
        const model::CodeAddress& address = profile.addresses[i];
        if (!has_code(address)) continue;
        if (const model::Locations* found = table->find(address.module, address.lookup_offset()))
            profile.locations[i] = *found;
    }
}

}  // namespace heapdrift::commands
