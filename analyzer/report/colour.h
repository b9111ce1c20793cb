// Whether text has colours, and which.
#pragma once

#include <string>
#include <string_view>

namespace heapdrift::report {

enum class ColourMode { automatic, always, never };

// --color=always|never > NO_COLOR (not empty) > CLICOLOR_FORCE (not empty, not 0) > CLICOLOR=0 >
// a terminal that is not "dumb". Reads the environment; `fd` is where the text goes, -1 for a file.
bool wants_colour(ColourMode mode, int fd);

class Palette {
public:
    explicit Palette(bool enabled) : enabled_(enabled) {}

    std::string strong(std::string_view text) const { return paint("1", text); }
    std::string faint(std::string_view text) const { return paint("2", text); }
    std::string warning(std::string_view text) const { return paint("33", text); }
    // Not red and green: those two look alike to many.
    std::string more(std::string_view text) const { return paint("35", text); }
    std::string less(std::string_view text) const { return paint("36", text); }

private:
    std::string paint(const char* code, std::string_view text) const;
    bool enabled_;
};

}  // namespace heapdrift::report
