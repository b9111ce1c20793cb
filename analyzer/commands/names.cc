#include "analyzer/commands/names.h"

#include <optional>
#include <vector>

#include "analyzer/commands/progress_bar.h"
#include "analyzer/process/symbol_embedding.h"

namespace heapdrift::commands {

void name_addresses(input::LoadedSession& session, const NameOptions& options) {
    model::Profile& profile = session.profile;
    // Another tool's recording may have brought its names.
    if (options.skip || !profile.locations.empty()) return;
    std::optional<symbolize::SymbolTable> table;
    if (!session.embedded_symbols.empty())
        table = symbolize::SymbolTable::decode(session.embedded_symbols);
    if (!table) {
        ProgressBar bar;
        symbolize::Options how;
        how.debuginfod = options.debuginfod;
        how.progress = [&bar](size_t done, size_t total) { bar.update(done, total); };
        table = symbolize::symbolize(profile.modules, process::symbol_queries(profile), how);
    }
    profile.locations.resize(profile.addresses.size());
    for (size_t i = 0; i < profile.addresses.size(); ++i) {
        const model::CodeAddress& address = profile.addresses[i];
        if (!process::has_code(address)) continue;
        if (const model::Locations* found = table->find(address.module, address.lookup_offset()))
            profile.locations[i] = *found;
    }
}

}  // namespace heapdrift::commands
