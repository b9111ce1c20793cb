// Modules that do not see us: loaded with RTLD_DEEPBIND, so that they find libc's dlsym and the
// driver's own functions first, or in a namespace of their own (dlmopen). Where the program's user
// asked for it, the places that the loader has filled in for them are made to hold our functions.
#pragma once

namespace heapdrift::cuda {

// Looks at all modules if some were loaded since the last time.
void patch_new_modules();

}  // namespace heapdrift::cuda
