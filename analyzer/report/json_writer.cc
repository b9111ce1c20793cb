#include "analyzer/report/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace heapdrift::report {

std::string json_string(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string valid_utf8(std::string_view text) {
    const bool ascii =
        std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return ascii ? std::string(text) : nlohmann::json::parse(json_string(text)).get<std::string>();
}

void JsonWriter::separate() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (!first_) out_ << ',';
    if (depth_ > 0 && multiline_)
        out_ << '\n' << std::string(static_cast<size_t>(depth_), ' ');
    else if (!first_)
        out_ << ' ';
    first_ = false;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    out_ << '"' << name << "\": ";
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::begin(char bracket) {
    separate();
    out_ << bracket;
    ++depth_;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
    --depth_;
    if (!first_ && multiline_) out_ << '\n' << std::string(static_cast<size_t>(depth_), ' ');
    out_ << bracket;
    first_ = false;
    if (depth_ == 0) out_ << '\n';
    return *this;
}

JsonWriter& JsonWriter::raw_value(std::string_view json) {
    separate();
    out_ << json;
    return *this;
}

JsonWriter& JsonWriter::text_or_null(std::string_view value) {
    return value.empty() ? null() : text(value);
}

JsonWriter& JsonWriter::number(uint64_t value) {
    return raw_value(fmt::format("{}", value));
}

JsonWriter& JsonWriter::signed_number(int64_t value) {
    return raw_value(fmt::format("{}", value));
}

JsonWriter& JsonWriter::seconds(double value) {
    return raw_value(fmt::format("{:.6f}", std::isfinite(value) ? value : 0.0));
}

JsonWriter& JsonWriter::number_or_null(const std::optional<uint64_t>& value) {
    return value ? number(*value) : null();
}

JsonWriter& JsonWriter::seconds_or_null(const std::optional<double>& value) {
    return value ? seconds(*value) : null();
}

}  // namespace heapdrift::report
