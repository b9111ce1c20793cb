// The environment through which the recorder is told what to do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heapdrift::process {

// Name and value, in order. The recorder lets a later one of the same name win.
using RecorderOptions = std::vector<std::pair<std::string, std::string>>;

// Checks "name=value" as a user gave it to -O. Returns what is wrong with it, "" for nothing.
std::string check_option(std::string_view assignment);

// "name=value:name=value", with ':' and '\' escaped by a backslash.
std::string encode_options(const RecorderOptions& options);
RecorderOptions decode_options(std::string_view text);

// The variables of this process, with the recorder put first in LD_PRELOAD and `options` put
// behind those inherited in HEAPDRIFT_OPTIONS. Any recorder that was preloaded already (heapdrift
// under heapdrift) is replaced: two of them would each see the other's calls.
std::vector<std::string> recorded_environment(const std::string& library,
                                              const RecorderOptions& options);

// The variables of this process without any recorder.
std::vector<std::string> unrecorded_environment();

}  // namespace heapdrift::process
