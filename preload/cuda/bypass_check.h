// Who reaches the driver past us: modules that see no preloaded library (RTLD_DEEPBIND), or another
// one's dlsym. Nothing can be recorded of what they allocate; that there are some is said.
#pragma once

namespace heapdrift::cuda {

// When the program begins to end. Looks at what the loader has bound in each module, if the driver
// is in this process at all.
void check_for_bypass();

}  // namespace heapdrift::cuda
