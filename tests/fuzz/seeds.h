// What a fuzz target gives mutate_main.cc to start from.
#pragma once

#include <cstdint>
#include <vector>

namespace heapdrift::testing {

std::vector<std::vector<uint8_t>> fuzz_seeds();

}  // namespace heapdrift::testing
