#include "preload/options_text.h"

#include <unistd.h>

#include "preload/large_table.h"
#include "preload/syscalls.h"
#include "preload/text.h"

namespace heapdrift {

// Before libc has set environ, from /proc.
const char* options_text() {
    HEAPDRIFT_LARGE_TABLE static char text[4096];
    constexpr const char* kName = "HEAPDRIFT_OPTIONS=";
    if (environ != nullptr) {
        for (char** entry = environ; *entry != nullptr; ++entry)
            if (text_starts(*entry, kName)) return *entry + text_size(kName);
        return nullptr;
    }
    HEAPDRIFT_LARGE_TABLE static char whole[64 * 1024];
    const size_t size = sys::read_file("/proc/self/environ", whole, sizeof(whole) - 1);
    for (size_t at = 0; at < size; at += text_size(whole + at) + 1)
        if (text_starts(whole + at, kName)) {
            copy_text(text, whole + at + text_size(kName));
            return text;
        }
    return nullptr;
}

}  // namespace heapdrift
