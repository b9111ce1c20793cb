// What a function without parameters returns, where its code does nothing but return a text that
// stands in the file. So the rules that a program brings along (__lsan_default_suppressions) are
// known without running its code: at exit that could crash or hang it, and there is no exit of a
// program that was killed.
#pragma once

#include <optional>
#include <string>

#include "analyzer/model/module.h"

namespace heapdrift::symbolize {

struct StringFunction {
    bool defined = false;             // the module has a function of that name
    std::optional<std::string> text;  // nothing: it computes what it returns
};

// Of the module's own file, if it is still there in the recorded build. Local functions do not
// count.
StringFunction find_string_function(const model::Module& module, const char* name);

}  // namespace heapdrift::symbolize
