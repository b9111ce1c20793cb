#include "analyzer/process/device_balance.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <ctime>
#include <fstream>
#include <sstream>

#include "analyzer/input/cuda_reader.h"
#include "analyzer/process/file_descriptor.h"
#include "analyzer/process/recording_directory.h"
#include "core/session_format.h"

namespace heapdrift::process {
namespace {

// The header of a session that is being recorded; gone from memory with this.
class MappedHeader {
public:
    explicit MappedHeader(const std::string& path) {
        const FileDescriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        struct stat status {};
        if (!file.is_open() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
            status.st_size < static_cast<off_t>(sizeof(Header)))
            return;
        void* mapped =
            mmap(nullptr, sizeof(Header), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (mapped != MAP_FAILED) header_ = static_cast<Header*>(mapped);
    }
    ~MappedHeader() {
        if (header_ != nullptr) munmap(header_, sizeof(Header));
    }
    MappedHeader(const MappedHeader&) = delete;
    MappedHeader& operator=(const MappedHeader&) = delete;

    Header* get() const { return header_; }

private:
    Header* header_ = nullptr;
};

bool is_recording(const Header& header) {
    return header.identity.magic == kMagic && header.identity.version == kFormatVersion &&
           header.control.ended_by.load() == EndedBy::running;
}

// All pids that the process has, in this namespace and those below.
std::vector<pid_t> pids_of(uint32_t pid) {
    std::vector<pid_t> pids = {static_cast<pid_t>(pid)};
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("NSpid:")) continue;
        std::istringstream words(line.substr(6));
        for (pid_t each = 0; words >> each;) pids.push_back(each);
    }
    return pids;
}

uint64_t since(uint64_t started_ns) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t ns =
        static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
    return ns > started_ns ? ns - started_ns : 1;
}

void note(CudaDevice& device, const Nvml::Memory& memory, uint64_t now_ns) {
    device.process_bytes.store(memory.process_bytes.value_or(kUnknownBytes));
    device.device_used_bytes.store(memory.used_bytes);
    device.device_total_bytes.store(memory.total_bytes);
    device.asked_ns.store(now_ns, std::memory_order_release);
}

}  // namespace

void DeviceBalance::refresh() {
    if (missing_) return;
    for (const std::string& file : session_files_in(place_)) {
        const MappedHeader mapped(file);
        if (mapped.get() == nullptr || !is_recording(*mapped.get())) continue;
        Header& header = *mapped.get();
        if (header.cuda.device_count.load(std::memory_order_acquire) == 0) continue;
        if (nvml_ == nullptr) nvml_ = std::make_unique<Nvml>();
        missing_ = !nvml_->present();
        if (missing_) return;
        for (CudaDevice& device : header.cuda.devices) {
            const std::string uuid = input::cuda_device_uuid(device);
            if (uuid.empty()) continue;
            if (const auto memory = nvml_->memory(uuid, pids_of(header.identity.pid)))
                note(device, *memory, since(header.identity.started_monotonic_ns));
        }
    }
}

}  // namespace heapdrift::process
