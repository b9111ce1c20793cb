#include "preload/cuda/device_list.h"

#include "preload/cuda/driver_library.h"
#include "preload/lifecycle.h"
#include "preload/recorder.h"

namespace heapdrift::cuda {

constinit DeviceList devices;

namespace {

CudaDevice& device_at(uint8_t entry) {
    return recorder.file.header().cuda.devices[entry];
}

bool read_uuid(Device ordinal, uint8_t (&uuid)[16]) {
    using GetUuid = Result(uint8_t*, Device);
    // The second one tells the partitions of a device apart.
    for (const char* symbol : {"cuDeviceGetUuid_v2", "cuDeviceGetUuid"})
        if (auto* get_uuid = reinterpret_cast<GetUuid*>(find_driver_function(symbol)))
            if (get_uuid(uuid, ordinal) == kSuccess) return true;
    return false;
}

}  // namespace

uint8_t DeviceList::entry_of(Device ordinal) {
    if (ordinal < 0 || ordinal >= kMostOrdinals) return kNoCudaDevice;
    const uint8_t known = entries_[ordinal].load(std::memory_order_acquire);
    return known != 0 ? static_cast<uint8_t>(known - 1) : make_entry(ordinal);
}

uint8_t DeviceList::make_entry(Device ordinal) {
    uint8_t uuid[16] = {};
    const bool named = read_uuid(ordinal, uuid);
    const TableLock lock(locked_);
    if (!lock.held() || !is_recording()) return kNoCudaDevice;
    if (const uint8_t known = entries_[ordinal].load(std::memory_order_relaxed); known != 0)
        return static_cast<uint8_t>(known - 1);
    CudaFigures& figures = recorder.file.header().cuda;
    const uint32_t entry = figures.device_count.load(std::memory_order_relaxed);
    if (entry == kMaxCudaDevices) {
        figures.devices_beyond.store(1, std::memory_order_relaxed);
        return kNoCudaDevice;
    }
    CudaDevice& device = figures.devices[entry];
    device.ordinal = ordinal;
    for (size_t i = 0; i < sizeof(uuid); ++i) device.uuid[i] = uuid[i];
    // Release: pairs with the reader's acquire of state.
    device.state.store(kCudaDeviceNamed | (named ? kCudaDeviceHasUuid : 0),
                       std::memory_order_release);
    figures.device_count.store(entry + 1, std::memory_order_release);
    entries_[ordinal].store(static_cast<uint8_t>(entry + 1), std::memory_order_release);
    return static_cast<uint8_t>(entry);
}

void DeviceList::count_allocated(const Object& object) {
    if (object.device == kNoCudaDevice) return;
    CudaDevice& device = device_at(object.device);
    device.live_bytes[cuda_index(object.domain)].fetch_add(object.size, std::memory_order_relaxed);
    device.live_objects.fetch_add(1, std::memory_order_relaxed);
    if (!domain_charges_device(object.domain)) return;
    const uint64_t charged =
        device.charged_bytes.fetch_add(object.size, std::memory_order_relaxed) + object.size;
    uint64_t peak = device.peak_charged_bytes.load(std::memory_order_relaxed);
    while (charged > peak)
        if (device.peak_charged_bytes.compare_exchange_weak(peak, charged,
                                                            std::memory_order_relaxed)) {
            device.peak_ns.store(recorder.file.since_start_coarse_ns(), std::memory_order_relaxed);
            return;
        }
}

void DeviceList::count_gone(const Object& object) {
    if (object.device == kNoCudaDevice) return;
    CudaDevice& device = device_at(object.device);
    device.live_bytes[cuda_index(object.domain)].fetch_sub(object.size, std::memory_order_relaxed);
    device.live_objects.fetch_sub(1, std::memory_order_relaxed);
    if (domain_charges_device(object.domain))
        device.charged_bytes.fetch_sub(object.size, std::memory_order_relaxed);
}

void DeviceList::note_reserved(uint8_t device, uint64_t pool_bytes, uint64_t graph_bytes) {
    if (device == kNoCudaDevice) return;
    device_at(device).pool_reserved_bytes.store(pool_bytes, std::memory_order_relaxed);
    device_at(device).graph_reserved_bytes.store(graph_bytes, std::memory_order_relaxed);
    device_at(device).reserved_ns.store(recorder.file.since_start_ns(), std::memory_order_relaxed);
}

uint64_t DeviceList::charged_bytes(uint8_t device) const {
    return device == kNoCudaDevice
               ? 0
               : device_at(device).charged_bytes.load(std::memory_order_relaxed);
}

Device DeviceList::ordinal_of(uint8_t device) const {
    return device_at(device).ordinal;
}

void DeviceList::forget() {
    for (std::atomic<uint8_t>& entry : entries_) entry.store(0, std::memory_order_relaxed);
    locked_.store(false, std::memory_order_relaxed);
}

}  // namespace heapdrift::cuda
