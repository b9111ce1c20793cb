// C++ names as people write them.
#pragma once

#include <string>
#include <string_view>

namespace heapdrift::model {

// Without the template arguments that the standard library adds by itself, with std::string for
// what it is, and long argument lists as "<…>":
//   std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >,
//   std::allocator<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >
//   > >::push_back(…)    ->    std::vector<std::string>::push_back(…)
// Different names may become the same. A name whose brackets do not match stays as it is.
std::string shorten_templates(std::string_view name);

}  // namespace heapdrift::model
