// What a session says of CUDA besides the sites of its domains.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cuda_figures.h"

namespace heapdrift::model {

// NVML's view, asked for from outside while the process ran.
struct CudaBalance {
    double seconds = 0;
    std::optional<uint64_t> process_bytes;  // nothing where NVML does not tell processes apart
    uint64_t device_used_bytes = 0;
    uint64_t device_total_bytes = 0;
};

// What PyTorch's caching allocator says of a device.
struct CudaTensorSums {
    uint64_t allocated_bytes = 0;  // that tensors have
    uint64_t reserved_bytes = 0;   // that it got from the driver
    double seconds = 0;            // when it said so
    // As it was before it asked the driver for more, the last time.
    uint64_t grown_allocated_bytes = 0;
    uint64_t grown_segment_bytes = 0;  // of segments in which a tensor lay
    double grown_seconds = 0;

    // Free then, but in pieces of segments that could not be given back.
    uint64_t unused_in_segments() const {
        return grown_segment_bytes - std::min(grown_segment_bytes, grown_allocated_bytes);
    }
};

struct CudaDeviceInfo {
    int ordinal = 0;   // as the process numbered its devices
    std::string uuid;  // "" where the driver did not say
    std::array<uint64_t, kCudaDomains> live_bytes{};
    uint64_t live_objects = 0;
    uint64_t charged_bytes = 0;  // live, of the domains that take up the device's memory
    uint64_t peak_charged_bytes = 0;
    double peak_seconds = 0;
    // What pools and graphs kept, used or not, when they were last asked.
    std::optional<uint64_t> pool_reserved_bytes;
    std::optional<uint64_t> graph_reserved_bytes;
    std::optional<CudaBalance> balance;
    std::optional<CudaTensorSums> tensors;  // nothing without PyTorch

    // What of the device's memory is known to be this process's: pools with what they keep unused.
    uint64_t tracked_bytes() const;
    // What NVML counts for the process beyond that: contexts, code, the driver's own, rounding.
    // Nothing where NVML does not say, or where it says less than what is tracked.
    std::optional<uint64_t> unaccounted_bytes() const;
};

struct CudaEventInfo {
    CudaEventKind kind = CudaEventKind::none;
    uint32_t site = 0;          // SiteId
    std::optional<int> device;  // ordinal
    int result = 0;             // the driver's error code
    uint32_t snapshot = 0;      // taken when it first happened; 0: none
    double first_seconds = 0;
    double last_seconds = 0;
    uint64_t count = 0;
    uint64_t bytes = 0;          // of the last one
    uint64_t charged_bytes = 0;  // of the device, the first time
    uint32_t stack = 0;          // index into Profile::event_sites
};
// Handles of virtual memory that one site created, and that are in a state now.
struct CudaHandles {
    CudaEventKind kind = CudaEventKind::none;  // unmapped_handles or released_handles
    uint32_t site = 0;                         // Site::id; 0 where none has figures
    uint64_t count = 0;
    uint64_t bytes = 0;
    double since_seconds = 0;  // there was always one
};

const char* cuda_event_name(CudaEventKind kind);
// "CUDA_ERROR_OUT_OF_MEMORY" and the like; "error 999" of a code that is not known here.
std::string cuda_error_text(int result);

struct Cuda {
    uint32_t modules_through = 0;
    std::optional<uint32_t> modules_around;  // nothing before the program began to end
    std::vector<CudaDeviceInfo> devices;
    bool devices_beyond = false;
    std::vector<CudaEventInfo> events;
    std::vector<CudaHandles> handles;
    uint64_t other_tensors = 0;  // on devices that are neither the host nor CUDA's: not recorded
    uint64_t failed_deallocations = 0;
    uint64_t out_of_memory = 0;
    uint64_t unknown_deallocations = 0;
    uint64_t missed_deallocations = 0;
    uint64_t implicit_deallocations = 0;
    uint64_t unknown_functions = 0;
    uint64_t reserved_address_bytes = 0;
    uint64_t unmapped_handles = 0;
    uint64_t unmapped_bytes = 0;
    uint64_t released_handles = 0;
    uint64_t released_bytes = 0;
};

}  // namespace heapdrift::model
