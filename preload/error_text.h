// Words for the errors that system calls on a session file end with; libc's allocate.
#pragma once

namespace heapdrift {

// error as the kernel returns it: a negative errno.
const char* error_text(long error);

}  // namespace heapdrift
