// What the session file says of CUDA besides the sites of its domains: figures of each device, and
// what went wrong. The figures lie in the header's last page, which older recorders left zero: zero
// means that there was nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/domain.h"
#include "core/shared.h"

namespace heapdrift {

inline constexpr size_t kMaxCudaDevices = 16;
inline constexpr size_t kCudaDomains =
    static_cast<size_t>(Domain::cuda_imported) - static_cast<size_t>(Domain::cuda_device) + 1;

constexpr size_t cuda_index(Domain domain) {
    return static_cast<size_t>(domain) - static_cast<size_t>(Domain::cuda_device);
}
constexpr Domain cuda_domain(size_t index) {
    return static_cast<Domain>(index + static_cast<size_t>(Domain::cuda_device));
}

inline constexpr uint32_t kCudaDeviceNamed = 1;  // of CudaDevice.state: in use
inline constexpr uint32_t kCudaDeviceHasUuid = 2;

// One device that memory was allocated on. The recorder's own peak; the driver's marks are neither
// read nor reset.
struct CudaDevice {
    Shared<uint32_t> state;  // written last
    int32_t ordinal;         // as the process numbers devices
    uint8_t uuid[16];
    Shared<uint64_t> live_bytes[kCudaDomains];
    Shared<uint64_t> live_objects;
    Shared<uint64_t> charged_bytes;  // of the domains that domain_charges_device allows
    Shared<uint64_t> peak_charged_bytes;
    Shared<uint64_t> peak_ns;  // since start
    // What pools and graphs keep of the device's memory, used or not; valid when the time is not 0.
    Shared<uint64_t> pool_reserved_bytes;
    Shared<uint64_t> graph_reserved_bytes;
    Shared<uint64_t> reserved_ns;
    // NVML's figures, written by `heapdrift run`, which asks from outside; valid when the time is
    // not 0. kUnknownBytes where NVML does not say.
    Shared<uint64_t> process_bytes;
    Shared<uint64_t> device_used_bytes;
    Shared<uint64_t> device_total_bytes;
    Shared<uint64_t> asked_ns;
};
static_assert(sizeof(CudaDevice) == 184);

// What PyTorch's caching allocator says of one device: what it got from the driver (reserved), and
// what of that its tensors have (allocated). By the driver's segments in which a tensor lies is
// known what it could give back: the others.
struct CudaTensors {
    Shared<uint64_t> allocated_bytes;
    Shared<uint64_t> reserved_bytes;
    Shared<uint64_t> said_ns;  // since start; 0: it has said nothing
    // As it was when it asked the driver for more, the last time: no free piece was large enough.
    Shared<uint64_t> grown_allocated_bytes;
    Shared<uint64_t> grown_segment_bytes;  // of segments in which a tensor lay
    Shared<uint64_t> grown_ns;             // since start
};
static_assert(sizeof(CudaTensors) == 48);

struct CudaFigures {
    Shared<uint32_t> driver_seen;  // 1: something asked for the driver's functions, or called them
    // Modules that asked for the driver's functions through us. Those that go another way are
    // counted when the program ends; until then modules_checked is 0.
    Shared<uint32_t> modules_through;
    Shared<uint32_t> modules_around;
    Shared<uint32_t> modules_checked;
    Shared<uint32_t> device_count;    // entries of devices in use
    Shared<uint32_t> devices_beyond;  // 1: there were more, whose figures are in no entry
    Shared<uint64_t> failed_deallocations;
    Shared<uint64_t> out_of_memory;
    Shared<uint64_t> unknown_deallocations;   // of what we never saw allocated
    Shared<uint64_t> missed_deallocations;    // something appeared where a live object was recorded
    Shared<uint64_t> implicit_deallocations;  // by the end of their context
    // Functions that are newer than this recorder, which were left alone.
    Shared<uint64_t> unknown_functions;
    // Reserved addresses are no memory. Handles of virtual memory: never mapped so far, and
    // released while a mapping still keeps them.
    Shared<uint64_t> reserved_address_bytes;
    Shared<uint64_t> unmapped_handles;
    Shared<uint64_t> unmapped_bytes;
    Shared<uint64_t> released_handles;
    Shared<uint64_t> released_bytes;
    Shared<uint32_t> event_count;  // ids 0 … event_count - 1 of CudaEvent
    uint32_t reserved0;
    // PyTorch's, on devices that are neither the host nor CUDA's: not recorded.
    Shared<uint64_t> other_tensors;
    uint8_t reserved1[136];
    CudaDevice devices[kMaxCudaDevices];
    CudaTensors tensors[kMaxCudaDevices];  // of the device with the same entry
};
static_assert(offsetof(CudaFigures, devices) == 264);
static_assert(sizeof(CudaFigures) <= 4096);

enum class CudaEventKind : uint8_t {
    none = 0,
    failed_deallocation = 1,
    out_of_memory = 2,
    // No failures, but states that handles of virtual memory are in: count and bytes are of those
    // that are in it now, last_ns says since when there was always one.
    unmapped_handles = 3,  // never mapped so far
    released_handles = 4,  // released, but kept by a mapping
};

inline constexpr uint8_t kNoCudaDevice = 0xff;

// What went wrong at one call stack, or is left undone: a segment of kind cuda_events holds them.
// Of one site, kind and result there is one, for all times that it happened.
struct CudaEvent {
    Shared<uint32_t> site;  // written last; whose domain says what was to be done
    CudaEventKind kind;
    uint8_t device;  // entry of CudaFigures.devices, or kNoCudaDevice
    uint16_t reserved0;
    int32_t result;     // the driver's error code
    uint32_t snapshot;  // taken when it first happened, 0 for none
    uint64_t first_ns;  // since start
    Shared<uint64_t> last_ns;
    Shared<uint64_t> count;
    Shared<uint64_t> bytes;  // of the last one: as requested, or as they stay allocated
    uint64_t charged_bytes;  // of the device, the first time
    uint64_t reserved1;
};
static_assert(sizeof(CudaEvent) == 64);

}  // namespace heapdrift
