// Which functions only pass an allocation on. When a report names the place that allocates, it
// means their caller: "operator new" at the top of every report would say nothing.
#pragma once

#include <string_view>

namespace heapdrift::model {

// The list, by demangled name (parameters and template arguments are not compared):
//   operator new, operator new[]           all forms
//   std::allocator, std::__new_allocator, __gnu_cxx::new_allocator, std::allocator_traits,
//   std::pmr's new_delete_resource, std::__detail::_Hashtable_alloc   their members
//   std::__allocate_guarded, std::make_unique, std::make_shared, std::allocate_shared
//   strdup, strndup, wcsdup, asprintf, vasprintf, getline, getdelim and their glibc aliases
//   malloc, calloc, realloc, … themselves, where an outer allocator calls an inner one
bool is_allocator_wrapper(std::string_view function);

// Demanglers write the return type of a function template before its name.
std::string_view without_return_type(std::string_view function);

}  // namespace heapdrift::model
