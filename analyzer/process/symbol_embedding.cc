#include "analyzer/process/symbol_embedding.h"

#include <exception>

#include "analyzer/input/session_loader.h"
#include "analyzer/process/session_store.h"

namespace heapdrift::process {

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
            symbolize::symbolize(loaded.profile.modules, symbol_queries(loaded.profile), options);
        return append_symbols(path, table.encode());
    } catch (const std::exception& failure) {
        return failure.what();
    }
}

}  // namespace heapdrift::process
