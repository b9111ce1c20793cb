#include "preload/options.h"

#include "core/session_format.h"
#include "preload/message.h"

namespace heapdrift {
namespace {

struct NumberOption {
    const char* name;
    uint64_t Options::*field;
    uint64_t low;
    uint64_t high;
    bool is_size = false;  // may have a unit
};

constexpr NumberOption kNumbers[] = {
    {"root_pid", &Options::root_pid, 0, ~uint32_t{0}},
    {"interval", &Options::interval_ms, 1, 3'600'000},
    {"operations", &Options::operations, 0, uint64_t{1} << 40},
    {"depth", &Options::depth, 1, kMaxDepth},
    {"min_descendant", &Options::min_descendant, 0, ~uint64_t{0}, true},
    {"keep_all", &Options::keep_all, 0, 1},
    {"sample", &Options::sample, 0, uint64_t{1} << 40, true},
    {"scan", &Options::scan, 0, 1},
    {"cuda_patch", &Options::cuda_patch, 0, 1},
    {"verify", &Options::verify, 0, ~uint32_t{0}},
    {"clock", &Options::clock, 1, 1'000'000},
};

// "512", "512K", "512KiB"; nullptr where it is too large.
const char* parse_unit(const char* text, uint64_t& number) {
    uint64_t factor = 1;
    if (*text == 'K') factor = uint64_t{1} << 10;
    if (*text == 'M') factor = uint64_t{1} << 20;
    if (*text == 'G') factor = uint64_t{1} << 30;
    if (factor == 1) return text;
    if (__builtin_mul_overflow(number, factor, &number)) return nullptr;
    ++text;
    return text_starts(text, "iB") ? text + 2 : text;
}

void set_option(Options& options, const char* name, const TextBuffer<1024>& value) {
    if (text_equal(name, "output")) {
        options.output = value;
        return;
    }
    for (const NumberOption& option : kNumbers) {
        if (!text_equal(name, option.name)) continue;
        uint64_t number = 0;
        const char* rest = parse_number(value.text(), number);
        if (rest != nullptr && option.is_size) rest = parse_unit(rest, number);
        if (rest == nullptr || *rest != '\0' || number < option.low || number > option.high)
            say(Message() << "HEAPDRIFT_OPTIONS: " << name << "=" << value.text()
                          << " is not a number from " << option.low << " to " << option.high
                          << "; using " << options.*option.field);
        else
            options.*option.field = number;
        return;
    }
    say(Message() << "HEAPDRIFT_OPTIONS: unknown option '" << name << "' ignored");
}

}  // namespace

Options parse_options(const char* text) {
    Options options;
    options.output << "%e.%p.heapdrift";
    while (text != nullptr && *text != '\0') {
        TextBuffer<64> name;
        TextBuffer<1024> value;
        while (*text != '\0' && *text != '=' && *text != ':') name.push(*text++);
        if (*text == '=') {
            ++text;
            for (; *text != '\0' && *text != ':'; ++text) {
                if (*text == '\\' && text[1] != '\0') ++text;
                value.push(*text);
            }
        }
        if (*text == ':') ++text;
        if (name.size() > 0) set_option(options, name.text(), value);
    }
    return options;
}

}  // namespace heapdrift
