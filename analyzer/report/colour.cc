#include "analyzer/report/colour.h"

#include <unistd.h>

#include <cstdlib>

namespace heapdrift::report {

namespace {

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

bool wants_colour(ColourMode mode, int fd) {
    if (mode != ColourMode::automatic) return mode == ColourMode::always;
    if (!environment("NO_COLOR").empty()) return false;
    const std::string_view force = environment("CLICOLOR_FORCE");
    if (!force.empty() && force != "0") return true;
    if (environment("CLICOLOR") == "0") return false;
    return fd >= 0 && isatty(fd) == 1 && environment("TERM") != "dumb";
}

std::string Palette::paint(const char* code, std::string_view text) const {
    if (!enabled_) return std::string(text);
    return std::string("\x1b[") + code + 'm' + std::string(text) + "\x1b[0m";
}

}  // namespace heapdrift::report
