#include "preload/error_text.h"

#include <errno.h>

namespace heapdrift {

const char* error_text(long error) {
    switch (-error) {
        case ENOENT:
            return "no such directory";
        case EACCES:
        case EPERM:
            return "permission denied";
        case EROFS:
            return "read-only file system";
        case ENOSPC:
        case EDQUOT:
            return "no space left on device";
        case EFBIG:
            return "RLIMIT_FSIZE does not allow it";
        case EMFILE:
        case ENFILE:
            return "too many open files";
        case ENOMEM:
            return "out of memory or address space (RLIMIT_AS)";
        case ENAMETOOLONG:
            return "file name too long";
        case ELOOP:
            return "is a symbolic link";
        case ENOTDIR:
            return "a part of the path is not a directory";
        default:
            return "the system refused";
    }
}

}  // namespace heapdrift
