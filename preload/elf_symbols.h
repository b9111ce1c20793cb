// Names that loaded modules define, looked up in their own tables: without the loader's lock, its
// error state, or any function that another library may stand in for.
#pragma once

#include <cstdint>

struct link_map;

namespace heapdrift {

// The function of this name that the module defines, in whatever version; nullptr for none.
void* find_defined(const link_map& module, const char* name);

// The next definition behind the module that holds `address`, in the order in which the loader
// searches; of the modules before it where none behind has one. The list of modules must stand
// still: at the process's start, or when the caller knows that nothing is being loaded.
void* find_defined_behind(const void* address, const char* name);

// The module that holds the address; nullptr for none.
const link_map* module_of(const void* address);

}  // namespace heapdrift
