#include "analyzer/process/nvml.h"

#include <dlfcn.h>

#include <algorithm>

namespace heapdrift::process {

namespace {

using Device = struct NvmlDevice*;
constexpr int kSuccess = 0;
constexpr uint64_t kNotAvailable = ~uint64_t{0};

// As nvml.h has them; of the process's there are versions of other sizes under older names.
struct DeviceMemory {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
};
struct ProcessMemory {
    unsigned pid;
    unsigned long long used;
    unsigned gpu_instance;
    unsigned compute_instance;
};
static_assert(sizeof(ProcessMemory) == 24);

template <typename Function>
bool find(void* library, const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(library, name));
    return function != nullptr;
}

}  // namespace

struct Nvml::Functions {
    int (*init)();
    int (*shutdown)();
    int (*handle_by_uuid)(const char*, Device*);
    int (*memory_info)(Device, DeviceMemory*);
    int (*processes)(Device, unsigned*, ProcessMemory*);
};

Nvml::Nvml() {
    void* library = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) return;
    static Functions functions;
    const bool complete =
        find(library, "nvmlInit_v2", functions.init) &&
        find(library, "nvmlShutdown", functions.shutdown) &&
        find(library, "nvmlDeviceGetHandleByUUID", functions.handle_by_uuid) &&
        find(library, "nvmlDeviceGetMemoryInfo", functions.memory_info) &&
        (find(library, "nvmlDeviceGetComputeRunningProcesses_v3", functions.processes) ||
         find(library, "nvmlDeviceGetComputeRunningProcesses_v2", functions.processes));
    if (!complete || functions.init() != kSuccess) {
        dlclose(library);
        return;
    }
    library_ = library;
    functions_ = &functions;
}

Nvml::~Nvml() {
    if (library_ == nullptr) return;
    functions_->shutdown();
    dlclose(library_);
}

std::optional<Nvml::Memory> Nvml::memory(const std::string& uuid,
                                         const std::vector<pid_t>& pids) const {
    Device device = nullptr;
    if (functions_->handle_by_uuid(uuid.c_str(), &device) != kSuccess) {
        // A partition of a device has the same number under another name.
        const std::string partition = "MIG" + uuid.substr(std::min<size_t>(3, uuid.size()));
        if (functions_->handle_by_uuid(partition.c_str(), &device) != kSuccess) return std::nullopt;
    }
    DeviceMemory whole{};
    if (functions_->memory_info(device, &whole) != kSuccess) return std::nullopt;
    Memory memory{whole.used, whole.total, std::nullopt};
    constexpr unsigned kMostProcesses = 1024;
    std::vector<ProcessMemory> processes(kMostProcesses);
    unsigned count = kMostProcesses;
    if (functions_->processes(device, &count, processes.data()) != kSuccess) return memory;
    processes.resize(std::min(count, kMostProcesses));
    for (const ProcessMemory& process : processes)
        if (process.used != kNotAvailable &&
            std::ranges::find(pids, static_cast<pid_t>(process.pid)) != pids.end())
            memory.process_bytes = process.used;
    return memory;
}

}  // namespace heapdrift::process
