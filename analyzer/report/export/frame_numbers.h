// Stacks for formats that know frames by their text alone: frames that read alike are one frame,
// and sites whose stacks read alike are one stack.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/model/place.h"

namespace heapdrift::report {

// Numbers for texts, from 0 in the order of first use.
class TextTable {
public:
    uint32_t number(const std::string& text);
    const std::string& text(uint32_t number) const { return *texts_[number]; }
    size_t size() const { return texts_.size(); }

private:
    std::unordered_map<std::string, uint32_t> numbers_;
    std::vector<const std::string*> texts_;  // keys of numbers_, which stay where they are
};

using NumberedStack = std::vector<uint32_t>;  // innermost first
template <typename Value>
using StackSums = std::map<NumberedStack, Value>;

class FrameNumbers {
public:
    // The code address is that of the frame; nullptr for "[truncated: …]" and "[no call stack]",
    // which stand in the place of frames that are not known.
    using Text = std::function<std::string(const model::Frame&, const model::CodeAddress*)>;

    FrameNumbers(const model::Profile& profile, TextTable& table, Text text);

    NumberedStack stack(const model::Site& site);

private:
    const std::vector<uint32_t>& of_address(uint32_t address);
    uint32_t marker(const std::string& name);

    const model::Profile& profile_;
    TextTable& table_;
    Text text_;
    std::vector<std::vector<uint32_t>> by_address_;
};

// The function, or where no symbol is known "libfoo.so+0x1234".
std::string function_or_place(const model::Frame& frame);

}  // namespace heapdrift::report
