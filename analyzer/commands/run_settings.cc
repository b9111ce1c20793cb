#include "analyzer/commands/run_settings.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "analyzer/process/recorder_options.h"

namespace heapdrift::commands {

void apply_settings(const model::RecordSettings& settings, RunArguments& arguments) {
    const char* text = std::getenv("HEAPDRIFT_OPTIONS");
    const process::RecorderOptions inherited = process::decode_options(text == nullptr ? "" : text);
    const auto is_open = [&](const char* name) {
        const std::string option = std::string(name) + "=";
        return std::ranges::none_of(inherited,
                                    [&](const auto& each) { return each.first == name; }) &&
               std::ranges::none_of(arguments.recorder_options, [&](const std::string& each) {
                   return each.starts_with(option);
               });
    };
    if (!arguments.interval_ms && settings.interval_ms && is_open("interval"))
        arguments.interval_ms = settings.interval_ms;
    if (!arguments.depth && settings.depth && is_open("depth"))
        arguments.depth = static_cast<uint32_t>(*settings.depth);
    // A sample cannot be scanned, and asking for one says that it need not be.
    if (settings.scan.value_or(false) && arguments.sample.empty() && is_open("scan") &&
        is_open("sample"))
        arguments.scan = true;
    if (settings.keep_all.value_or(false) && is_open("keep_all")) arguments.keep_all = true;
    if (!settings.symbols.value_or(true)) arguments.no_symbols = true;
}

}  // namespace heapdrift::commands
