#include "analyzer/model/gate/leak_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "analyzer/model/allocator_wrapper.h"

namespace heapdrift::model {

namespace {

constexpr std::string_view kUnknown = "?";

// "libfoo.so.1.2.3" is "libfoo.so" for as long as it is the same library.
std::string module_of(const Frame& frame) {
    std::string name = base_name(frame.module);
    if (const size_t versions = name.find(".so."); versions != std::string::npos)
        name.resize(versions + 3);
    return name;
}

// A compiler names the copies that it makes of a function after it: "f.part.0", "f [clone .cold]".
std::string function_of(const Frame& frame) {
    std::string name = frame.function;
    for (const std::string_view clone :
         {" [clone ", ".constprop.", ".isra.", ".part.", ".cold", ".lto_priv."})
        if (const size_t at = name.find(clone); at != std::string::npos && at > 0) name.resize(at);
    return name.empty() ? std::string(kUnknown) : name;
}

// Symbols may be any bytes, and a baseline is a text that must read as it was written.
std::string printable_name(std::string name) {
    for (char& c : name)
        if (c < ' ' || c > '~') c = '?';
    return name;
}

bool is_of_the_language(const Frame& frame) {
    if (is_allocator_wrapper(frame.function)) return true;
    const std::string_view member = without_return_type(frame.function);
    return member.starts_with("std::") || member.starts_with("__gnu_cxx::");
}

// What calls a program's or a thread's first function.
bool is_outside(const std::string& function) {
    constexpr std::array<std::string_view, 7> kOutside = {"__libc_start_main",
                                                          "__libc_start_call_main",
                                                          "_start",
                                                          "start_thread",
                                                          "clone",
                                                          "clone3",
                                                          "__clone"};
    return std::ranges::any_of(kOutside, [&](std::string_view name) {
        return function == name || (function.starts_with(name) && function[name.size()] == '@');
    });
}

std::vector<std::string> names_of(const std::vector<Frame>& frames, bool language_too) {
    std::vector<std::string> names;
    for (const Frame& frame : frames) {
        if (!language_too && is_of_the_language(frame)) continue;
        const std::string function = function_of(frame);
        if (is_outside(function) && !names.empty()) break;
        const std::string module = module_of(frame);
        const std::string name = printable_name(
            fmt::format("{} ({})", function, module.empty() ? std::string(kUnknown) : module));
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
        if (function == "main" || names.size() == kIdentityFrames) break;
    }
    return names;
}

}  // namespace

std::string LeakIdentity::id() const {
    // FNV-1a: the same on every machine and in every version.
    uint64_t hash = 0xcbf29ce484222325;
    const auto add = [&hash](std::string_view text) {
        for (const char c : text) {
            hash ^= static_cast<unsigned char>(c);
            hash *= 0x100000001b3;
        }
        hash ^= '\n';
        hash *= 0x100000001b3;
    };
    add(domain_name(domain));
    for (const std::string& frame : stack) add(frame);
    return fmt::format("{:016x}", hash);
}

LeakIdentity identify(const std::vector<Frame>& frames, Domain domain) {
    LeakIdentity identity{domain, names_of(frames, false)};
    if (identity.stack.empty()) identity.stack = names_of(frames, true);
    if (identity.stack.empty()) identity.stack.push_back(fmt::format("{0} ({0})", kUnknown));
    return identity;
}

}  // namespace heapdrift::model
