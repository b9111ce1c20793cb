// What the kernel says of a process's memory and of the cgroup it lives in.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "core/session_format.h"

namespace heapdrift::process {

// kUnknownBytes where the kernel did not say.
struct ResidentMemory {
    uint64_t anon_bytes = kUnknownBytes;
    uint64_t file_bytes = kUnknownBytes;
    uint64_t shmem_bytes = kUnknownBytes;
    uint64_t swap_bytes = kUnknownBytes;
};
ResidentMemory read_resident_memory(pid_t pid);

struct CgroupMemory {
    uint64_t current_bytes = kUnknownBytes;
    uint64_t limit_bytes = kUnknownBytes;  // also where there is no limit
    // PSI memory "some avg10", in hundredths of a percent; 0 where not known.
    uint32_t pressure_some_avg10 = 0;
};
CgroupMemory read_cgroup_memory(pid_t pid);

// A file of /proc or /sys in full, "" when it cannot be read.
std::string read_small_file(const std::string& path);

}  // namespace heapdrift::process
