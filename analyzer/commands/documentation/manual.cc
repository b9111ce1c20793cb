#include "analyzer/commands/documentation/manual.h"

#include <fmt/format.h>

#include <cctype>
#include <sstream>

namespace heapdrift::commands {

namespace {

constexpr size_t kLongestLine = 78;

// The code point at the front of `text`, which is removed; bytes that are no UTF-8 stand for
// themselves.
uint32_t take_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    uint32_t point = size == 1 ? lead : lead & (0x7f >> size);
    for (size_t i = 1; i < size && i < text.size(); ++i)
        point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
    text.remove_prefix(std::min(size, text.size()));
    return point;
}

// As roff prints it: with hyphens that can be copied, and without a meaning of its own.
std::string escaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const uint32_t point = take_character(text);
        if (point == '\\')
            out += "\\e";
        else if (point == '-')
            out += "\\-";
        else if (point == '\'')
            out += "\\(aq";
        else if (point == '`')
            out += "\\(ga";
        else if (point == '^')
            out += "\\(ha";
        else if (point == '~')
            out += "\\(ti";
        else if (point >= 0x80)
            out += fmt::format("\\[u{:04X}]", point);
        else
            out += static_cast<char>(point);
    }
    return out;
}

// A line that begins with a control character would be a request.
std::string as_text_line(const std::string& line) {
    return line.starts_with('.') || line.starts_with('\'') ? "\\&" + line : line;
}

// Escaped, in lines of moderate length.
std::string paragraph(const std::string& text) {
    std::istringstream words(escaped(text));
    std::string out;
    std::string line;
    for (std::string word; words >> word;) {
        if (!line.empty() && line.size() + 1 + word.size() > kLongestLine) {
            out += as_text_line(line) + '\n';
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
    }
    return out + as_text_line(line) + '\n';
}

std::string preformatted(const std::string& lines) {
    std::istringstream in(lines);
    std::string out = ".nf\n";
    for (std::string line; std::getline(in, line);)
        out += as_text_line(escaped(line.substr(line.starts_with("  ") ? 2 : 0))) + '\n';
    return out + ".fi\n";
}

// The parts of a footer, which blank lines divide.
struct Footer {
    std::string examples;
    std::string rest;
};

Footer read_footer(const std::string& footer) {
    constexpr std::string_view kExamples = "Examples:\n";
    Footer parts;
    for (size_t at = 0; at < footer.size();) {
        const size_t end = std::min(footer.find("\n\n", at), footer.size());
        const std::string block = footer.substr(at, end - at);
        at = std::min(footer.find_first_not_of('\n', end), footer.size());
        if (block.starts_with(kExamples)) {
            parts.examples += preformatted(block.substr(kExamples.size()));
            continue;
        }
        parts.rest += ".PP\n";
        // A table of its own has lines that begin with blanks.
        const size_t table = block.find("\n  ");
        parts.rest += paragraph(block.substr(0, table));
        if (table != std::string::npos)
            parts.rest += ".RS 4\n" + preformatted(block.substr(table + 1)) + ".RE\n";
    }
    return parts;
}

std::string head(const std::string& name, const std::string& description) {
    std::string upper;
    for (const char c : name)
        upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    std::string lower = description;
    lower.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(lower.front())));
    while (lower.ends_with('.')) lower.pop_back();
    return fmt::format(
        ".\\\" Written by heapdrift manual.\n"
        ".TH {} 1 \"\" \"heapdrift {}\" \"heapdrift manual\"\n"
        ".SH NAME\n{} \\- {}",
        escaped(upper), HEAPDRIFT_VERSION, escaped(name), paragraph(lower));
}

std::string bold(const std::string& text) {
    return "\\fB" + escaped(text) + "\\fR";
}

std::string italic(const std::string& text) {
    return "\\fI" + escaped(text) + "\\fR";
}

std::string option_list(const std::vector<OptionText>& options) {
    std::string text;
    for (const OptionText& option : options) {
        std::string names;
        for (const std::string& name : option.names)
            names += (names.empty() ? "" : ", ") + bold(name);
        if (option.value_optional)
            names += "[=" + italic(option.value.substr(1, option.value.size() - 2)) + ']';
        else if (!option.value.empty())
            names += ' ' + italic(option.value);
        text += ".TP\n" + names + '\n' + paragraph(option.description);
    }
    return text;
}

std::string synopsis(const CommandText& command) {
    std::string text =
        ".SH SYNOPSIS\n" + bold("heapdrift " + command.name) + "\n[\\fIOPTIONS\\fR]\n";
    for (const OptionText& positional : command.positionals) {
        const std::string name = positional.names.front();
        const std::string more = positional.many ? " ..." : "";
        text += positional.required ? italic(name) + more : '[' + italic(name) + more + ']';
        text += '\n';
    }
    return text;
}

}  // namespace

std::string manual_of_command(const CommandText& command) {
    const Footer footer = read_footer(command.footer);
    std::string text = head("heapdrift-" + command.name, command.description) + synopsis(command);
    text += ".SH DESCRIPTION\n" + paragraph(command.description + '.') + footer.rest;
    if (!command.positionals.empty()) {
        text += ".SH ARGUMENTS\n";
        for (const OptionText& positional : command.positionals)
            text += ".TP\n" + italic(positional.names.front()) + '\n' +
                    paragraph(positional.description);
    }
    text += ".SH OPTIONS\n" + option_list(command.options);
    if (!footer.examples.empty()) text += ".SH EXAMPLES\n" + footer.examples;
    return text + ".SH SEE ALSO\n.BR heapdrift (1)\n";
}

std::string manual_of_app(const CommandText& app, const std::vector<CommandText>& commands) {
    const Footer footer = read_footer(app.footer);
    std::string text = head("heapdrift", app.description);
    text += ".SH SYNOPSIS\n.B heapdrift\n\\fICOMMAND\\fR\n[\\fIOPTIONS\\fR]\n";
    text += ".SH DESCRIPTION\n" + paragraph(app.description) + footer.rest;
    text += ".SH COMMANDS\n";
    for (const CommandText& command : commands)
        text += ".TP\n.BR " + escaped("heapdrift-" + command.name) + " (1)\n" +
                paragraph(command.description + '.');
    text += ".SH OPTIONS\n" + option_list(app.options);
    if (!footer.examples.empty()) text += ".SH EXAMPLES\n" + footer.examples;
    return text;
}

}  // namespace heapdrift::commands
