#include "preload/cuda/driver_queries.h"

#include "core/cuda_figures.h"
#include "preload/cuda/device_list.h"
#include "preload/cuda/driver_library.h"

namespace heapdrift::cuda {
namespace {

// A function of the driver's that is looked up at its first call. Where there is none, every call
// fails.
template <typename... Arguments>
class Query {
public:
    explicit constexpr Query(const char* symbol) : symbol_(symbol) {}

    bool operator()(Arguments... arguments) {
        using Function = Result(Arguments...);
        const uint32_t generation = driver_generation.load(std::memory_order_relaxed);
        if (generation != generation_.load(std::memory_order_relaxed)) {
            function_.store(nullptr, std::memory_order_relaxed);
            missing_.store(false, std::memory_order_relaxed);
            generation_.store(generation, std::memory_order_relaxed);
        }
        void* function = function_.load(std::memory_order_relaxed);
        if (function == nullptr) {
            if (missing_.load(std::memory_order_relaxed)) return false;
            function = find_driver_function(symbol_);
            if (function == nullptr) {
                missing_.store(true, std::memory_order_relaxed);
                return false;
            }
            function_.store(function, std::memory_order_relaxed);
        }
        return reinterpret_cast<Function*>(function)(arguments...) == kSuccess;
    }

private:
    const char* symbol_;
    std::atomic<void*> function_{nullptr};
    std::atomic<bool> missing_{false};
    std::atomic<uint32_t> generation_{0};
};

constinit Query<Context*> get_current("cuCtxGetCurrent");
constinit Query<Device*> get_device("cuCtxGetDevice");
constinit Query<void*, int, DevicePointer> get_pointer_attribute("cuPointerGetAttribute");
constinit Query<Stream, int*> is_capturing("cuStreamIsCapturing");
constinit Query<Stream, int*> is_capturing_per_thread("cuStreamIsCapturing_ptsz");
using CaptureInfo = Query<Stream, int*, uint64_t*, Graph*, const GraphNode**, size_t*>;
constinit CaptureInfo get_capture("cuStreamGetCaptureInfo_v2");
constinit CaptureInfo get_capture_per_thread("cuStreamGetCaptureInfo_v2_ptsz");
constinit Query<Pool, int, void*> get_pool_attribute("cuMemPoolGetAttribute");
constinit Query<Device, int, void*> get_graph_attribute("cuDeviceGetGraphMemAttribute");
constinit Query<Pool*, Device> get_pool("cuDeviceGetMemPool");
constinit Query<DevicePointer*, size_t*, DevicePointer> get_range("cuMemGetAddressRange_v2");

// Streams that are no handles: the default ones.
constexpr uintptr_t kLastSpecialStream = 2;

}  // namespace

Place place_here() {
    Place place;
    Context context = nullptr;
    Device device = 0;
    if (get_current(&context)) place.context = reinterpret_cast<uint64_t>(context);
    if (context != nullptr && get_device(&device)) place.device = devices.entry_of(device);
    return place;
}

Place place_of(const Location& location) {
    return {0, location.kind == kOnDevice ? devices.entry_of(location.id) : kNoCudaDevice};
}

Place place_of_pool_memory(DevicePointer pointer, Stream stream) {
    int ordinal = 0;
    if (reinterpret_cast<uintptr_t>(stream) > kLastSpecialStream &&
        get_pointer_attribute(&ordinal, kPointerDeviceOrdinal, pointer))
        return {0, devices.entry_of(ordinal)};
    return {0, place_here().device};
}

Capture capture_of(Stream stream, bool per_thread, Graph& graph) {
    int status = 0;
    graph = nullptr;
    if (!(per_thread ? is_capturing_per_thread : is_capturing)(stream, &status) || status == 0)
        return Capture::none;
    uint64_t id = 0;
    (per_thread ? get_capture_per_thread : get_capture)(stream, &status, &id, &graph, nullptr,
                                                        nullptr);
    return Capture::active;
}

uint64_t reserved_by_pool(Pool pool) {
    uint64_t bytes = 0;
    return get_pool_attribute(pool, kPoolReservedBytes, &bytes) ? bytes : kUnknownBytes;
}

uint64_t reserved_by_graphs(Device device) {
    uint64_t bytes = 0;
    return get_graph_attribute(device, kGraphReservedBytes, &bytes) ? bytes : kUnknownBytes;
}

Pool present_pool(Device device) {
    Pool pool = nullptr;
    return get_pool(&pool, device) ? pool : nullptr;
}

uint64_t size_behind(DevicePointer pointer) {
    DevicePointer base = 0;
    size_t size = 0;
    return get_range(&base, &size, pointer) ? size : 0;
}

}  // namespace heapdrift::cuda
