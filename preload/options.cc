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
};

constexpr NumberOption kNumbers[] = {
    {"root_pid", &Options::root_pid, 0, ~uint32_t{0}},
    {"interval", &Options::interval_ms, 1, 3'600'000},
    {"depth", &Options::depth, 1, kMaxDepth},
    {"min_descendant", &Options::min_descendant, 0, ~uint64_t{0}},
    {"keep_all", &Options::keep_all, 0, 1},
    {"sample", &Options::sample, 0, uint64_t{1} << 40},
    {"scan", &Options::scan, 0, 1},
    {"verify", &Options::verify, 0, ~uint32_t{0}},
};

void set_option(Options& options, const char* name, const TextBuffer<1024>& value) {
    if (text_equal(name, "output")) {
        options.output = value;
        return;
    }
    for (const NumberOption& option : kNumbers) {
        if (!text_equal(name, option.name)) continue;
        uint64_t number = 0;
        const char* rest = parse_number(value.text(), number);
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
