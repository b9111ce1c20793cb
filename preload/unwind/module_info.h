// Which module an address lies in, as the session file tells it. Fills memory of the caller.
#pragma once

#include <cstdint>

struct link_map;

namespace heapdrift {

struct ModuleInfo {
    static constexpr uint32_t kMaxBuildId = 32;
    static constexpr uint32_t kMaxPath = 936;

    uint64_t start;
    uint64_t end;
    uint64_t load_bias;
    // The loader's own description: the same for as long as the module is loaded. Freed by the
    // loader through free when it unloads the module.
    const link_map* loaded;
    uint32_t build_id_size;  // 0 for none
    uint32_t path_size;      // without NUL
    bool path_cut;           // the path is longer than kMaxPath - 1
    uint8_t build_id[kMaxBuildId];
    char path[kMaxPath];
};

// False where no module holds the address. The path is absolute, but for "[vdso]".
bool find_module_info(uint64_t address, ModuleInfo& info);

}  // namespace heapdrift
