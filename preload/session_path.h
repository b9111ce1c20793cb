// Names of session files, from option output.
#pragma once

#include <cstdint>

#include "core/session_format.h"
#include "preload/options.h"
#include "preload/syscalls.h"
#include "preload/text.h"

namespace heapdrift {

using SessionPath = TextBuffer<sizeof(Identity::session_path)>;

// attempt 0 is the plain name, others get ".N": images of one process after exec, or a file of an
// earlier process with the same pid, which is never overwritten. The path is made absolute, so
// that it holds when the program changes its directory.
inline SessionPath session_path(const Options& options, const char* program, uint32_t pid,
                                uint32_t attempt) {
    const char* base = base_name(program);
    SessionPath path;
    const char* pattern = options.output.text();
    if (pattern[0] != '/') {
        char directory[sizeof(Identity::session_path)] = {};
        sys::call(SYS_getcwd, sys::address(directory), sizeof(directory));
        path << directory << "/";
    }
    bool has_pid = false;
    for (; *pattern != '\0'; ++pattern) {
        if (*pattern != '%' || pattern[1] == '\0') {
            path.push(*pattern);
            continue;
        }
        switch (*++pattern) {
            case 'p':
                path << pid;
                has_pid = true;
                break;
            case 'e':
                path << base;
                break;
            default:
                path.push(*pattern);
                break;
        }
    }
    if (!has_pid && options.root_pid != pid) path << "." << pid;
    if (attempt > 0) path << "." << attempt;
    return path;
}

}  // namespace heapdrift
