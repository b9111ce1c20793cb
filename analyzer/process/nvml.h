// NVIDIA's management library, loaded when it is asked for the first time: what a device's memory
// is used for, without a context on the device. Where it is missing everything is unknown.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heapdrift::process {

class Nvml {
public:
    Nvml();
    ~Nvml();
    Nvml(const Nvml&) = delete;
    Nvml& operator=(const Nvml&) = delete;

    bool present() const { return library_ != nullptr; }

    struct Memory {
        uint64_t used_bytes = 0;
        uint64_t total_bytes = 0;
        // Of the process that has one of the pids: one process has several where there are pid
        // namespaces, and which NVML tells depends on the driver. Nothing where it is not among
        // those that are told, or NVML does not say how much it uses: never another process's
        // figure.
        std::optional<uint64_t> process_bytes;
    };
    // uuid: "GPU-…". Nothing for a device that NVML does not know.
    std::optional<Memory> memory(const std::string& uuid, const std::vector<pid_t>& pids) const;

private:
    struct Functions;
    void* library_ = nullptr;
    Functions* functions_ = nullptr;
};

}  // namespace heapdrift::process
