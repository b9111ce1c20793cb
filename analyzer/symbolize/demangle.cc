#include "analyzer/symbolize/demangle.h"

#include <cxxabi.h>
#include <libiberty/demangle.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace heapdrift::symbolize {
namespace {

struct Free {
    void operator()(char* text) const { std::free(text); }
};
using OwnedText = std::unique_ptr<char, Free>;

constexpr std::array<std::string_view, 7> kCloneSuffixes = {
    ".part", ".isra", ".constprop", ".cold", ".lto_priv", ".llvm", ".localalias"};

// Longer ones cost the demanglers seconds or a deep recursion, and no compiler writes them.
constexpr size_t kMaxLinkerName = 64 * 1024;

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_clone_suffixes(std::string_view name) {
    for (;;) {
        size_t dot = name.rfind('.');
        if (dot == std::string_view::npos || dot == 0) return name;
        std::string_view suffix = name.substr(dot);
        if (is_number(suffix.substr(1))) {
            size_t before = name.rfind('.', dot - 1);
            if (before == std::string_view::npos || before == 0) return name;
            suffix = name.substr(before, dot - before);
            dot = before;
        }
        if (std::find(kCloneSuffixes.begin(), kCloneSuffixes.end(), suffix) ==
            kCloneSuffixes.end()) {
            return name;
        }
        name = name.substr(0, dot);
    }
}

}  // namespace

std::string demangle(const char* linker_name) {
    std::string_view given(linker_name);
    if (given.size() > kMaxLinkerName) return std::string(given);
    std::string name(without_clone_suffixes(given.substr(0, given.find('@'))));
    if (name.empty()) return std::string(given);

    // Before C++: Rust's legacy names are also well-formed C++ ones, with the hash as a scope.
    if (name.starts_with("_ZN") || name.starts_with("_R")) {
        if (OwnedText rust{rust_demangle(name.c_str(), DMGL_PARAMS | DMGL_ANSI)}) return rust.get();
    }
    if (name.starts_with("_Z")) {
        int status = 0;
        if (OwnedText cxx{abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status)}) {
            return cxx.get();
        }
    }
    return name;
}

}  // namespace heapdrift::symbolize
