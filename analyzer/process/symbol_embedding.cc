#include "analyzer/process/symbol_embedding.h"

#include <exception>
#include <vector>

#include "analyzer/input/session_loader.h"
#include "analyzer/process/session_store.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapdrift::process {
namespace {

std::vector<symbolize::Query> queries_of(const model::Profile& profile) {
    std::vector<symbolize::Query> queries;
    queries.reserve(profile.addresses.size());
    for (const model::CodeAddress& address : profile.addresses)
        if (address.module != kNoModule &&
            (address.kind == FrameKind::native || address.kind == FrameKind::interrupted))
            queries.push_back({address.module, address.lookup_offset()});
    return queries;
}

}  // namespace

std::string embed_symbols(const std::string& path, const Progress& progress) {
    try {
        // Counters only grow, so every site that any snapshot has is there at the last point.
        input::SessionAddress address;
        address.file = path;
        const input::LoadedSession loaded = input::load_session(address);
        if (!loaded.embedded_symbols.empty()) return "";
        symbolize::Options options;
        options.progress = progress;
        const symbolize::SymbolTable table =
            symbolize::symbolize(loaded.profile.modules, queries_of(loaded.profile), options);
        return append_symbols(path, table.encode());
    } catch (const std::exception& failure) {
        return failure.what();
    }
}

}  // namespace heapdrift::process
