#include "analyzer/input/cuda_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace heapdrift::input {

namespace {

constexpr uint64_t kMostHandles = uint64_t{1} << 40;

double to_seconds(uint64_t ns) {
    return static_cast<double>(ns) * 1e-9;
}

std::optional<model::CudaTensorSums> read_tensors(const CudaTensors& tensors) {
    if (tensors.said_ns.load() == 0) return std::nullopt;
    return model::CudaTensorSums{.allocated_bytes = tensors.allocated_bytes.load(),
                                 .reserved_bytes = tensors.reserved_bytes.load(),
                                 .seconds = to_seconds(tensors.said_ns.load()),
                                 .grown_allocated_bytes = tensors.grown_allocated_bytes.load(),
                                 .grown_segment_bytes = tensors.grown_segment_bytes.load(),
                                 .grown_seconds = to_seconds(tensors.grown_ns.load())};
}

model::CudaDeviceInfo read_device(const CudaDevice& device, const CudaTensors& tensors) {
    model::CudaDeviceInfo info;
    info.tensors = read_tensors(tensors);
    info.ordinal = device.ordinal;
    info.uuid = cuda_device_uuid(device);
    for (size_t i = 0; i < kCudaDomains; ++i) info.live_bytes[i] = device.live_bytes[i].load();
    info.live_objects = device.live_objects.load();
    info.charged_bytes = device.charged_bytes.load();
    info.peak_charged_bytes = device.peak_charged_bytes.load();
    info.peak_seconds = to_seconds(device.peak_ns.load());
    if (device.reserved_ns.load() != 0) {
        info.pool_reserved_bytes = device.pool_reserved_bytes.load();
        info.graph_reserved_bytes = device.graph_reserved_bytes.load();
    }
    if (const uint64_t asked = device.asked_ns.load(); asked != 0) {
        model::CudaBalance balance;
        balance.seconds = to_seconds(asked);
        if (const uint64_t bytes = device.process_bytes.load(); bytes != kUnknownBytes)
            balance.process_bytes = bytes;
        balance.device_used_bytes = device.device_used_bytes.load();
        balance.device_total_bytes = device.device_total_bytes.load();
        info.balance = balance;
    }
    return info;
}

void read_events(const SessionView& view, model::Cuda& cuda) {
    const CudaFigures& figures = view.header().cuda;
    const uint32_t count = std::min(figures.event_count.load(), view.cuda_event_limit());
    for (uint32_t number = 0; number < count; ++number) {
        const CudaEvent* record = view.cuda_event(number);
        if (record == nullptr) continue;
        model::CudaEventInfo event;
        // Acquire: pairs with the recorder's release of site.
        event.site = record->site.load(std::memory_order_acquire);
        if (event.site == 0) continue;
        event.kind = record->kind;
        if (event.kind == CudaEventKind::unmapped_handles ||
            event.kind == CudaEventKind::released_handles) {
            // Less than none: damage, or a handle that its creator could not be counted for.
            const uint64_t handles = record->count.load();
            if (handles != 0 && handles <= kMostHandles)
                cuda.handles.push_back({.kind = event.kind,
                                        .site = event.site,
                                        .count = handles,
                                        .bytes = record->bytes.load(),
                                        .since_seconds = to_seconds(record->last_ns.load())});
            continue;
        }
        if (record->device < kMaxCudaDevices)
            event.device = figures.devices[record->device].ordinal;
        event.result = record->result;
        event.snapshot = record->snapshot;
        event.first_seconds = to_seconds(record->first_ns);
        event.last_seconds = to_seconds(record->last_ns.load());
        event.count = record->count.load();
        event.bytes = record->bytes.load();
        event.charged_bytes = record->charged_bytes;
        cuda.events.push_back(event);
    }
}

}  // namespace

std::string cuda_device_uuid(const CudaDevice& device) {
    // Acquire: pairs with the recorder's release of state.
    if ((device.state.load(std::memory_order_acquire) & kCudaDeviceHasUuid) == 0) return "";
    std::string text = "GPU-";
    for (size_t i = 0; i < sizeof device.uuid; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", device.uuid[i]);
    }
    return text;
}

std::optional<model::Cuda> read_cuda(const SessionView& view) {
    const CudaFigures& figures = view.header().cuda;
    if (figures.driver_seen.load() == 0) return std::nullopt;
    model::Cuda cuda;
    cuda.modules_through = figures.modules_through.load();
    if (figures.modules_checked.load() != 0) cuda.modules_around = figures.modules_around.load();
    for (size_t i = 0; i < kMaxCudaDevices; ++i)
        // Acquire: pairs with the recorder's release of state.
        if ((figures.devices[i].state.load(std::memory_order_acquire) & kCudaDeviceNamed) != 0)
            cuda.devices.push_back(read_device(figures.devices[i], figures.tensors[i]));
    std::ranges::sort(cuda.devices, {}, &model::CudaDeviceInfo::ordinal);
    cuda.devices_beyond = figures.devices_beyond.load() != 0;
    cuda.failed_deallocations = figures.failed_deallocations.load();
    cuda.out_of_memory = figures.out_of_memory.load();
    cuda.unknown_deallocations = figures.unknown_deallocations.load();
    cuda.missed_deallocations = figures.missed_deallocations.load();
    cuda.implicit_deallocations = figures.implicit_deallocations.load();
    cuda.unknown_functions = figures.unknown_functions.load();
    cuda.reserved_address_bytes = figures.reserved_address_bytes.load();
    cuda.unmapped_handles = figures.unmapped_handles.load();
    cuda.unmapped_bytes = figures.unmapped_bytes.load();
    cuda.released_handles = figures.released_handles.load();
    cuda.released_bytes = figures.released_bytes.load();
    cuda.other_tensors = figures.other_tensors.load();
    read_events(view, cuda);
    return cuda;
}

}  // namespace heapdrift::input
