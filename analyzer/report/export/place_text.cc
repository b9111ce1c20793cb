#include "analyzer/report/export/place_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace heapdrift::report {

FrameNumbers::Text place_texts(const model::Profile& profile, const ModuleLayout& layout) {
    return [&profile, &layout](const model::Frame& frame, const model::CodeAddress* code) {
        const std::string module = frame.module.empty() ? "unknown" : frame.module;
        const std::string place = frame.file.empty() ? "in " + module
                                  : frame.line == 0  ? frame.file
                                                     : fmt::format("{}:{}", frame.file, frame.line);
        std::string text =
            fmt::format("0x{:X}: {} ({})", code == nullptr ? 0 : layout.address(profile, *code),
                        function_or_place(frame), place);
        // One frame is one line in massif's format.
        std::ranges::replace_if(
            text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
        return text;
    };
}

}  // namespace heapdrift::report
