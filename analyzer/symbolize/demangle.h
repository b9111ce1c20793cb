// Linker names as their authors wrote them.
#pragma once

#include <string>

namespace heapdrift::symbolize {

// C++ and Rust names demangled (Rust's without the hash), others unchanged; what the compiler
// appended to a clone of a function (".isra.0", ".cold") and a symbol's version ("@@GLIBC_2.14")
// are dropped, so that one function of the source has one name in every build.
std::string demangle(const char* linker_name);

}  // namespace heapdrift::symbolize
