// Names for a session's code addresses, written into its file, so that it can be read elsewhere.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "analyzer/model/profile.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapdrift::process {

// Whether the address is code of a module, which symbols can be known of.
bool has_code(const model::CodeAddress& address);
std::vector<symbolize::Query> symbol_queries(const model::Profile& profile);

// Called with the addresses done so far and their total; may throw Interrupted.
using Progress = std::function<void(size_t done, size_t total)>;

// The user does not want to wait for the names.
struct Interrupted {};

// The file must be finished. Returns "" for success (also when it had symbols already), or what
// went wrong, to follow the file's name and a colon. The recording is then as it was, and also when
// `progress` threw.
std::string embed_symbols(const std::string& path, const Progress& progress);

}  // namespace heapdrift::process
