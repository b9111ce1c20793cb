// Writes JSON as it goes: a report of 100,000 stacks would not fit in memory as a tree.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace heapdrift::report {

// A JSON string with its quotes. Bytes that are not UTF-8 (paths may hold any) become U+FFFD.
std::string json_string(std::string_view text);
// The text that such a string stands for.
std::string valid_utf8(std::string_view text);

class JsonWriter {
public:
    explicit JsonWriter(std::ostream& out) : out_(out) {}

    JsonWriter& key(std::string_view name);
    JsonWriter& begin_object() { return begin('{'); }
    JsonWriter& end_object() { return end('}'); }
    JsonWriter& begin_array() { return begin('['); }
    JsonWriter& end_array() { return end(']'); }
    // A value that is JSON already.
    JsonWriter& raw_value(std::string_view json);
    JsonWriter& text(std::string_view value) { return raw_value(json_string(value)); }
    JsonWriter& text_or_null(std::string_view value);  // null for ""
    JsonWriter& number(uint64_t value);
    JsonWriter& signed_number(int64_t value);
    JsonWriter& seconds(double value);
    JsonWriter& boolean(bool value) { return raw_value(value ? "true" : "false"); }
    JsonWriter& null() { return raw_value("null"); }
    JsonWriter& number_or_null(const std::optional<uint64_t>& value);
    JsonWriter& seconds_or_null(const std::optional<double>& value);
    // Elements of the arrays and objects begun from here on stand on lines of their own, or not.
    void set_multiline(bool multiline) { multiline_ = multiline; }

private:
    JsonWriter& begin(char bracket);
    JsonWriter& end(char bracket);
    void separate();

    std::ostream& out_;
    int depth_ = 0;
    bool first_ = true;
    bool after_key_ = false;
    bool multiline_ = true;
};

}  // namespace heapdrift::report
