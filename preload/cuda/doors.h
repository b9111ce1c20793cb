// Our dlsym and dlvsym: the doors to the driver that are open to every module, and how those that
// do not see them are led there (recorder's option cuda_patch).
#pragma once

namespace heapdrift::cuda {

// Ours of that name, whatever the program's search order finds first; nullptr for another name.
void* door(const char* name);

// When main begins. Modules that are loaded are looked at then, and when a function is asked for
// by our dlsym after others were loaded.
void begin_to_patch_modules();

}  // namespace heapdrift::cuda
