// Streams, pools and graphs.
#include <cstring>

#include "tests/cuda/driver/driver.h"

using namespace fake;

namespace {

constexpr uint64_t kPoolStep = uint64_t{2} << 20;  // a pool takes memory in such pieces

struct PoolProperties {
    int kind;
    int shared_kinds;
    int location_kind;
    int location;
    char rest[72];
};
static_assert(sizeof(PoolProperties) == 88);

struct AllocationNode {
    PoolProperties properties;
    const void* access;
    size_t access_count;
    size_t size;
    Pointer pointer;
};

struct NodeParameters {
    int kind;
    int reserved[3];
    AllocationNode allocation;
};

Pointer add_to_graph(Graph* graph, uint64_t size, int device) {
    const Pointer pointer = driver().find_address(device, size);
    driver().blocks.emplace(pointer, Block{size, Kind::graph, device, nullptr});
    graph->pointers.push_back(pointer);
    return pointer;
}

Result allocate(Pointer* pointer, uint64_t size, Pool* pool, Stream* stream) {
    if (current() == nullptr) return kInvalidContext;
    const std::lock_guard lock(driver().mutex);
    if (stream != nullptr && stream->capturing != nullptr) {
        *pointer = add_to_graph(stream->capturing, size, current()->device);
        return kSuccess;
    }
    const int device = stream == nullptr ? current()->device : stream->device;
    if (pool == nullptr) pool = driver().default_pools[static_cast<size_t>(device)];
    if (pool->used + size > pool->reserved) {
        const uint64_t more =
            (pool->used + size - pool->reserved + kPoolStep - 1) / kPoolStep * kPoolStep;
        if (!driver().take(pool->device, more)) return kOutOfMemory;
        pool->reserved += more;
    }
    pool->used += size;
    *pointer = driver().find_address(pool->device, size);
    driver().blocks.emplace(*pointer, Block{size, Kind::pool, pool->device, nullptr, pool});
    return kSuccess;
}

Result free_in_order(Pointer pointer, const Stream* stream) {
    const std::lock_guard lock(driver().mutex);
    if (stream != nullptr && stream->capturing != nullptr) return kSuccess;
    return driver().free_block(pointer);
}

Result capture_status(const Stream* stream, int* status) {
    *status = stream != nullptr && stream->capturing != nullptr;
    return kSuccess;
}

}  // namespace

FAKE_EXPORT Result cuStreamCreate(Stream** stream, unsigned) {
    if (current() == nullptr) return kInvalidContext;
    *stream = new Stream{current()->device};
    return kSuccess;
}
FAKE_EXPORT Result cuStreamDestroy_v2(Stream* stream) {
    delete stream;
    return kSuccess;
}
FAKE_EXPORT Result cuStreamIsCapturing(Stream* stream, int* status) {
    return capture_status(stream, status);
}
FAKE_EXPORT Result cuStreamIsCapturing_ptsz(Stream* stream, int* status) {
    return capture_status(stream, status);
}
FAKE_EXPORT Result cuStreamGetCaptureInfo_v2(Stream* stream, int* status, uint64_t* id,
                                             Graph** graph, const void**, size_t*) {
    *id = 1;
    *graph = stream == nullptr ? nullptr : stream->capturing;
    return capture_status(stream, status);
}
FAKE_EXPORT Result cuStreamBeginCapture_v2(Stream* stream, int) {
    stream->capturing = new Graph;
    return kSuccess;
}
FAKE_EXPORT Result cuStreamEndCapture(Stream* stream, Graph** graph) {
    *graph = stream->capturing;
    stream->capturing = nullptr;
    return kSuccess;
}

FAKE_EXPORT Result cuMemAllocAsync(Pointer* pointer, size_t size, Stream* stream) {
    return allocate(pointer, size, nullptr, stream);
}
FAKE_EXPORT Result cuMemAllocAsync_ptsz(Pointer* pointer, size_t size, Stream* stream) {
    return allocate(pointer, size, nullptr, stream);
}
FAKE_EXPORT Result cuMemAllocFromPoolAsync(Pointer* pointer, size_t size, Pool* pool,
                                           Stream* stream) {
    return allocate(pointer, size, pool, stream);
}
FAKE_EXPORT Result cuMemAllocFromPoolAsync_ptsz(Pointer* pointer, size_t size, Pool* pool,
                                                Stream* stream) {
    return allocate(pointer, size, pool, stream);
}
FAKE_EXPORT Result cuMemFreeAsync(Pointer pointer, Stream* stream) {
    return free_in_order(pointer, stream);
}
FAKE_EXPORT Result cuMemFreeAsync_ptsz(Pointer pointer, Stream* stream) {
    return free_in_order(pointer, stream);
}

FAKE_EXPORT Result cuMemPoolCreate(Pool** pool, const PoolProperties* properties) {
    if (!driver().valid(properties->location)) return kInvalidDevice;
    *pool = new Pool{properties->location};
    return kSuccess;
}
FAKE_EXPORT Result cuMemPoolDestroy(Pool* pool) {
    const std::lock_guard lock(driver().mutex);
    pool->destroyed = true;
    driver().give(pool->device, pool->reserved - pool->used);
    return kSuccess;
}
FAKE_EXPORT Result cuMemPoolTrimTo(Pool* pool, size_t) {
    const std::lock_guard lock(driver().mutex);
    driver().give(pool->device, pool->reserved - pool->used);
    pool->reserved = pool->used;
    return kSuccess;
}
FAKE_EXPORT Result cuMemPoolGetAttribute(Pool* pool, int attribute, void* value) {
    constexpr int kReserved = 5;
    constexpr int kUsed = 7;
    if (pool->destroyed) return kInvalidValue;
    const std::lock_guard lock(driver().mutex);
    if (attribute != kReserved && attribute != kUsed) return kInvalidValue;
    *static_cast<uint64_t*>(value) = attribute == kReserved ? pool->reserved : pool->used;
    return kSuccess;
}
FAKE_EXPORT Result cuMemPoolImportFromShareableHandle(Pool** pool, void*, int, unsigned long long) {
    *pool = new Pool{0};
    return kSuccess;
}
FAKE_EXPORT Result cuDeviceGetMemPool(Pool** pool, int device) {
    if (!driver().valid(device)) return kInvalidDevice;
    *pool = driver().default_pools[static_cast<size_t>(device)];
    return kSuccess;
}

FAKE_EXPORT Result cuGraphCreate(Graph** graph, unsigned) {
    *graph = new Graph;
    return kSuccess;
}
FAKE_EXPORT Result cuGraphAddMemAllocNode(void** node, Graph* graph, const void*, size_t,
                                          AllocationNode* parameters) {
    const std::lock_guard lock(driver().mutex);
    parameters->pointer = add_to_graph(graph, parameters->size, parameters->properties.location);
    *node = parameters;
    return kSuccess;
}
FAKE_EXPORT Result cuGraphAddNode_v2(void** node, Graph* graph, const void*, const void*, size_t,
                                     NodeParameters* parameters) {
    constexpr int kAllocationNode = 10;
    if (parameters->kind != kAllocationNode) return kInvalidValue;
    return cuGraphAddMemAllocNode(node, graph, nullptr, 0, &parameters->allocation);
}
FAKE_EXPORT Result cuGraphDestroy(Graph* graph) {
    const std::lock_guard lock(driver().mutex);
    for (const Pointer pointer : graph->pointers) driver().blocks.erase(pointer);
    delete graph;
    return kSuccess;
}
FAKE_EXPORT Result cuDeviceGraphMemTrim(int device) {
    return driver().valid(device) ? kSuccess : kInvalidDevice;
}
FAKE_EXPORT Result cuDeviceGetGraphMemAttribute(int device, int, void* value) {
    if (!driver().valid(device)) return kInvalidDevice;
    *static_cast<uint64_t*>(value) = 0;
    return kSuccess;
}
