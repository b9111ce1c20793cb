// Turns code addresses into functions, files and lines, offline, from whatever the modules'
// files, their separate debug files and the vdso of this process still say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analyzer/model/module.h"
#include "analyzer/symbolize/symbol_table.h"

namespace heapdrift::symbolize {

struct Query {
    uint32_t module;  // index into the modules given with the queries
    // Link-time address (absolute - load bias) of the return address minus one, or of the pc
    // itself where the frame was interrupted by a signal.
    uint64_t lookup_offset;
};

struct Options {
    bool debuginfod = false;  // without it no symbolization ever touches the network
    // Called with distinct addresses done so far and their total; on the calling thread.
    std::function<void(size_t done, size_t total)> progress;
    // Where separate debug files are looked for, as in <root>/.build-id/xx/yyyy.debug.
    std::string debug_root = "/usr/lib/debug";
};

// One entry for each distinct query; empty Locations where nothing is known. Files that are
// missing, corrupt, or of another build than the recorded module are not used and no error.
SymbolTable symbolize(const std::vector<model::Module>& modules, const std::vector<Query>& queries,
                      const Options& options);

}  // namespace heapdrift::symbolize
