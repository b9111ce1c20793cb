#include "analyzer/report/export/frame_numbers.h"

#include <fmt/format.h>

namespace heapdrift::report {

uint32_t TextTable::number(const std::string& text) {
    const auto [entry, added] = numbers_.emplace(text, static_cast<uint32_t>(texts_.size()));
    if (added) texts_.push_back(&entry->first);
    return entry->second;
}

FrameNumbers::FrameNumbers(const model::Profile& profile, TextTable& table, Text text)
    : profile_(profile),
      table_(table),
      text_(std::move(text)),
      by_address_(profile.addresses.size()) {}

NumberedStack FrameNumbers::stack(const model::Site& site) {
    NumberedStack stack;
    for (const uint32_t address : profile_.frames_of(site)) {
        const std::vector<uint32_t>& frames = of_address(address);
        stack.insert(stack.end(), frames.begin(), frames.end());
    }
    if (site.end != StackEnd::complete)
        stack.push_back(marker(fmt::format("[truncated: {}]", stack_end_name(site.end))));
    else if (stack.empty())
        stack.push_back(marker("[no call stack]"));
    return stack;
}

const std::vector<uint32_t>& FrameNumbers::of_address(uint32_t address) {
    std::vector<uint32_t>& numbers = by_address_[address];
    if (numbers.empty())
        for (const model::Frame& frame : model::frames_of_address(profile_, address))
            numbers.push_back(table_.number(text_(frame, &profile_.addresses[address])));
    return numbers;
}

uint32_t FrameNumbers::marker(const std::string& name) {
    model::Frame frame;
    frame.function = name;
    return table_.number(text_(frame, nullptr));
}

std::string function_or_place(const model::Frame& frame) {
    if (!frame.function.empty()) return frame.function;
    return frame.module.empty()
               ? fmt::format("{:#x}", frame.module_offset)
               : fmt::format("{}+{:#x}", model::base_name(frame.module), frame.module_offset);
}

}  // namespace heapdrift::report
