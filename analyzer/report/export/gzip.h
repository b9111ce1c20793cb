// gzip in memory, without a time of its own: equal bytes in, equal bytes out.
#pragma once

#include <string>
#include <string_view>

namespace heapdrift::report {

// Throws Failure where memory is short.
std::string gzip(std::string_view bytes);

}  // namespace heapdrift::report
