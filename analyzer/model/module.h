// One ELF image that frames lie in. A value: whoever reads it need not have the file.
#pragma once

#include <cstdint>
#include <string>

namespace heapdrift::model {

struct Module {
    std::string path;      // as it was in the recorded process; "[vdso]" for the vdso
    std::string build_id;  // lower-case hex, "" where the image had none
    uint64_t start = 0;    // absolute range in the recorded process
    uint64_t end = 0;
    uint64_t load_bias = 0;  // module offset = absolute address - load_bias
    uint64_t loaded_ns = 0;
    uint64_t unloaded_ns = 0;  // 0: still loaded when recording ended
};

// A part of a module's file that is mapped as code, in whole pages.
struct CodeSegment {
    uint64_t start = 0;  // module offsets
    uint64_t end = 0;
    uint64_t file_offset = 0;  // of the start
};

}  // namespace heapdrift::model
