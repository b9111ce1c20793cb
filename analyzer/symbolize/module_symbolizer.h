// Symbolizes the addresses of one module.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "analyzer/model/location.h"
#include "analyzer/model/module.h"

namespace heapdrift::symbolize {

// `addresses` are link-time, ascending and distinct; the result has one entry for each. `advance`
// is called now and then with the number of addresses done since its last call.
std::vector<model::Locations> symbolize_module(const model::Module& module,
                                               std::span<const uint64_t> addresses,
                                               const std::vector<std::string>& debug_roots,
                                               const std::function<void(size_t)>& advance);

}  // namespace heapdrift::symbolize
