// PyTorch's library in this process: the real functions that ours stand in front of.
#pragma once

#include <cstdint>

namespace heapdrift::torch {

enum class Function : uint8_t { host_made, host_gone, reported, reported_signed, count };

constexpr const char* symbol_of(Function function) {
    constexpr const char* kSymbols[] = {"_ZN3c1025ProfiledCPUMemoryReporter3NewEPvm",
                                        "_ZN3c1025ProfiledCPUMemoryReporter6DeleteEPv",
                                        "_ZN3c1027reportMemoryUsageToProfilerEPvlmmNS_6DeviceE",
                                        "_ZN3c1027reportMemoryUsageToProfilerEPvlllNS_6DeviceE"};
    return kSymbols[static_cast<uint8_t>(function)];
}

// The real function; nullptr where no module but ours defines it.
void* find_real(Function function);

}  // namespace heapdrift::torch
