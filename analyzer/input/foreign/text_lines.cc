#include "analyzer/input/foreign/text_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "analyzer/model/failure.h"

namespace heapdrift::input {

namespace {

// No line of these formats is longer; a binary file would be one line.
constexpr size_t kLongestLine = 1 << 24;

}  // namespace

TextLines::TextLines(std::span<const std::byte> bytes, std::string name, const UnpackLimits& limits)
    : name_(std::move(name)), unpacker_(unpacker_of(bytes, name_)), limits_(limits) {
    if (!is_compressed(bytes)) limits_.text = std::numeric_limits<uint64_t>::max();
}

TextLines::~TextLines() = default;

bool TextLines::next(std::string_view& line) {
    size_t end = text_.find('\n', position_);
    while (end == std::string::npos) {
        text_.erase(0, position_);
        position_ = 0;
        const size_t known = text_.size();
        if (known > kLongestLine) fail("a line of text");
        if (!unpacker_->unpack(text_)) {
            if (text_.empty()) return false;
            end = text_.size();
            text_ += '\n';
            break;
        }
        unpacked_ += text_.size() - known;
        if (unpacked_ > limits_.text) throw_unpacks_too_much(name_, limits_);
        end = text_.find('\n', known);
    }
    line = std::string_view(text_).substr(position_, end - position_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    position_ = end + 1;
    ++number_;
    return true;
}

void TextLines::keep(std::string_view text) {
    kept_ += text.size();
    if (kept_ > limits_.kept) throw_keeps_too_much(name_, limits_);
}

void TextLines::fail(std::string_view expected) const {
    throw Failure(
        fmt::format("{}:{}: {} is expected here", name_, std::max<size_t>(number_, 1), expected));
}

bool take_number(std::string_view& rest, int base, uint64_t& number) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (base == 16 && rest.starts_with("0x")) rest.remove_prefix(2);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number, base);
    if (error != std::errc()) return false;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    return true;
}

}  // namespace heapdrift::input
