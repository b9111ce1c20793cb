// Handles, mappings and reserved addresses; pools, graphs and imports.
#include <string.h>

#include "tests/cuda/victims/cuda_driver.h"
#include "tests/victims/truth.h"

enum { kPiece = 2 << 20 };

static void expect_in(const char* domain, const char* marker, int64_t allocations, int64_t bytes,
                      int64_t deallocations, int64_t live) {
    expect_from(domain, marker, marker, allocations, bytes, deallocations, live);
}

// The marker itself must call the driver, so each has its own copy of this.
#define CREATE(handle)                                                                          \
    const MemoryProperties properties = {.kind = 1, .location_kind = kOnDevice, .location = 0}; \
    CUmemHandle handle;                                                                         \
    REQUIRE(cuMemCreate(&handle, kPiece, &properties, 0) == kSuccess)

MARKER CUmemHandle mapped_and_kept(void) {
    CREATE(handle);
    return handle;
}
MARKER CUmemHandle released_first(void) {
    CREATE(handle);
    return handle;
}
MARKER CUmemHandle unmapped_first(void) {
    CREATE(handle);
    return handle;
}
MARKER CUmemHandle never_mapped(void) {
    CREATE(handle);
    return handle;
}
MARKER CUmemHandle released_but_mapped(void) {
    CREATE(handle);
    return handle;
}
MARKER CUmemHandle retained(void) {
    CREATE(handle);
    return handle;
}

MARKER CUmemHandle behind_tiles(void) {
    CREATE(handle);
    return handle;
}
MARKER CUmemHandle bound(void) {
    CREATE(handle);
    return handle;
}
MARKER CUmemHandle imported(void) {
    CUmemHandle handle;
    REQUIRE(cuMemImportFromShareableHandle(&handle, NULL, 1) == kSuccess);
    return handle;
}

// Released while tiles of arrays use it; the last tile's end gives the memory back.
static void tiles(void) {
    const ArrayDescription3d description = {64, 64, 0, kFloat, 1, kSparse};
    CUarray array;
    REQUIRE(cuArray3DCreate_v2(&array, &description) == kSuccess);
    const CUmemHandle unmapped = behind_tiles(), destroyed = behind_tiles();
    ArrayMapping mappings[2] = {
        {.array = array, .x = 0, .operation = kMapTiles, .handle = unmapped, .devices = 1},
        {.array = array, .x = 32, .operation = kMapTiles, .handle = destroyed, .devices = 1}};
    REQUIRE(cuMemMapArrayAsync(mappings, 2, NULL) == kSuccess);
    REQUIRE(cuMemRelease(unmapped) == kSuccess && cuMemRelease(destroyed) == kSuccess);
    mappings[0].operation = kUnmapTiles;
    mappings[0].handle = 0;
    REQUIRE(cuMemMapArrayAsync(mappings, 1, NULL) == kSuccess);
    expect_in("cuda_virtual", "behind_tiles", 2, 2 * kPiece, 2, 0);
    REQUIRE(cuArrayDestroy(array) == kSuccess);
}

// Released while bound: unbinding gives back the first, the end of the object the others.
static void multicast(CUdeviceptr at) {
    CUmemHandle team;
    REQUIRE(cuMulticastCreate(&team, NULL) == kSuccess);
    const CUmemHandle first = bound(), second = bound(), by_address = bound();
    REQUIRE(cuMulticastBindMem(team, 0, first, 0, kPiece, 0) == kSuccess);
    REQUIRE(cuMulticastBindMem(team, kPiece, second, 0, kPiece, 0) == kSuccess);
    REQUIRE(cuMemMap(at, kPiece, 0, by_address, 0) == kSuccess);
    REQUIRE(cuMulticastBindAddr(team, 2 * kPiece, at, kPiece, 0) == kSuccess);
    REQUIRE(cuMemUnmap(at, kPiece) == kSuccess);
    REQUIRE(cuMemRelease(first) == kSuccess && cuMemRelease(second) == kSuccess);
    REQUIRE(cuMemRelease(by_address) == kSuccess);
    REQUIRE(cuMulticastUnbind(team, 0, 0, kPiece) == kSuccess);
    REQUIRE(cuMemMap(at, kPiece, 0, team, 0) == kSuccess);
    REQUIRE(cuMemRelease(team) == kSuccess);
    REQUIRE(cuMemUnmap(at, kPiece) == kSuccess);
    expect_in("cuda_virtual", "bound", 3, 3 * kPiece, 3, 0);
}

// How much it is shows when it is mapped.
static void imported_handles(CUdeviceptr at) {
    const CUmemHandle kept = imported(), released = imported();
    REQUIRE(cuMemMap(at, kPiece, kPiece, kept, 0) == kSuccess);
    REQUIRE(cuMemMap(at + kPiece, kPiece, 0, released, 0) == kSuccess);
    REQUIRE(cuMemUnmap(at + kPiece, kPiece) == kSuccess);
    REQUIRE(cuMemRelease(released) == kSuccess);
    expect_in("cuda_imported", "imported", 2, 3 * kPiece, 1, 2 * kPiece);
}

static void handles(void) {
    CUdeviceptr base;
    REQUIRE(cuMemAddressReserve(&base, 64 * kPiece, 0, 0, 0) == kSuccess);
    REQUIRE(cuMemMap(base, kPiece, 0, mapped_and_kept(), 0) == kSuccess);

    CUmemHandle handle = released_first();
    REQUIRE(cuMemMap(base + kPiece, kPiece, 0, handle, 0) == kSuccess);
    REQUIRE(cuMemRelease(handle) == kSuccess);
    REQUIRE(cuMemUnmap(base + kPiece, kPiece) == kSuccess);

    // Two mappings of different handles, unmapped by one call.
    CUmemHandle first = unmapped_first(), second = unmapped_first();
    REQUIRE(cuMemMap(base + 2 * kPiece, kPiece, 0, first, 0) == kSuccess);
    REQUIRE(cuMemMap(base + 3 * kPiece, kPiece, 0, second, 0) == kSuccess);
    REQUIRE(cuMemUnmap(base + 2 * kPiece, 2 * kPiece) == kSuccess);
    REQUIRE(cuMemRelease(first) == kSuccess && cuMemRelease(second) == kSuccess);

    never_mapped();
    never_mapped();
    REQUIRE(cuMemRelease(never_mapped()) == kSuccess);

    handle = released_but_mapped();
    REQUIRE(cuMemMap(base + 5 * kPiece, kPiece, 0, handle, 0) == kSuccess);
    REQUIRE(cuMemRelease(handle) == kSuccess);

    handle = retained();
    REQUIRE(cuMemMap(base + 6 * kPiece, kPiece, 0, handle, 0) == kSuccess);
    CUmemHandle again;
    REQUIRE(cuMemRetainAllocationHandle(&again, (void*)(base + 6 * kPiece)) == kSuccess);
    REQUIRE(again == handle);
    REQUIRE(cuMemUnmap(base + 6 * kPiece, kPiece) == kSuccess);
    REQUIRE(cuMemRelease(handle) == kSuccess && cuMemRelease(again) == kSuccess);
    REQUIRE(cuMemRelease(handle) == kInvalidValue);

    tiles();
    multicast(base + 8 * kPiece);
    imported_handles(base + 10 * kPiece);

    CUdeviceptr other;
    REQUIRE(cuMemAddressReserve(&other, kPiece, 0, 0, 0) == kSuccess);
    REQUIRE(cuMemAddressFree(other, kPiece) == kSuccess);

    expect_in("cuda_virtual", "mapped_and_kept", 1, kPiece, 0, kPiece);
    expect_in("cuda_virtual", "released_first", 1, kPiece, 1, 0);
    expect_in("cuda_virtual", "unmapped_first", 2, 2 * kPiece, 2, 0);
    expect_in("cuda_virtual", "never_mapped", 3, 3 * kPiece, 1, 2 * kPiece);
    expect_in("cuda_virtual", "released_but_mapped", 1, kPiece, 0, kPiece);
    expect_in("cuda_virtual", "retained", 1, kPiece, 1, 0);
}

MARKER CUdeviceptr from_a_pool(CUpool pool, CUstream stream) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAllocFromPoolAsync(&pointer, 1000, pool, stream) == kSuccess);
    return pointer;
}
MARKER CUdeviceptr captured(CUstream stream) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAllocAsync(&pointer, 2000, stream) == kSuccess);
    return pointer;
}
MARKER CUdeviceptr node(CUgraph graph) {
    AllocationNode parameters = {
        .properties = {.kind = 1, .location_kind = kOnDevice, .location = 0}, .size = 3000};
    void* added;
    REQUIRE(cuGraphAddMemAllocNode(&added, graph, NULL, 0, &parameters) == kSuccess);
    return parameters.pointer;
}
MARKER void general_node(CUgraph graph) {
    NodeParameters parameters = {
        .kind = kAllocationNode,
        .allocation = {.properties = {.kind = 1, .location_kind = kOnDevice}, .size = 4000}};
    void* added;
    REQUIRE(cuGraphAddNode_v2(&added, graph, NULL, NULL, 0, &parameters) == kSuccess);
}

static void pools_and_graphs(void) {
    CUstream stream;
    REQUIRE(cuStreamCreate(&stream, 0) == kSuccess);
    const PoolProperties properties = {.kind = 1, .location_kind = kOnDevice, .location = 0};
    CUpool pool;
    REQUIRE(cuMemPoolCreate(&pool, &properties) == kSuccess);
    REQUIRE(cuMemFreeAsync(from_a_pool(pool, stream), stream) == kSuccess);
    const CUdeviceptr outlives_its_pool = from_a_pool(pool, stream);
    from_a_pool(pool, stream);
    REQUIRE(cuMemPoolDestroy(pool) == kSuccess);
    REQUIRE(cuMemFree_v2(outlives_its_pool) == kSuccess);
    REQUIRE(cuMemPoolImportFromShareableHandle(&pool, NULL, 1, 0) == kSuccess);
    REQUIRE(cuMemPoolTrimTo(pool, 0) == kSuccess && cuMemPoolDestroy(pool) == kSuccess);

    CUgraph graph;
    REQUIRE(cuStreamBeginCapture_v2(stream, 0) == kSuccess);
    const CUdeviceptr pointer = captured(stream);
    REQUIRE(cuMemFreeAsync(pointer, stream) == kSuccess);
    captured(stream);
    REQUIRE(cuStreamEndCapture(stream, &graph) == kSuccess);
    REQUIRE(cuGraphDestroy(graph) == kSuccess);
    REQUIRE(cuGraphCreate(&graph, 0) == kSuccess);
    node(graph);
    general_node(graph);

    expect_in("cuda_pool", "from_a_pool", 3, 3000, 2, 1000);
    expect_in("cuda_graph", "captured", 2, 4000, 2, 0);
    expect_in("cuda_graph", "node", 1, 3000, 0, 3000);
    expect_in("cuda_graph", "general_node", 1, 4000, 0, 4000);
}

MARKER CUdeviceptr opened(char number) {
    IpcHandle handle;
    memset(&handle, number, sizeof handle);
    CUdeviceptr pointer;
    REQUIRE(cuIpcOpenMemHandle_v2(&pointer, handle, 1) == kSuccess);
    return pointer;
}
MARKER void* external(void) {
    const ExternalDescription description = {.kind = 1, .size = 6000};
    void* memory;
    REQUIRE(cuImportExternalMemory(&memory, &description) == kSuccess);
    return memory;
}

static void imports(void) {
    const CUdeviceptr twice = opened(1);
    REQUIRE(opened(1) == twice);
    REQUIRE(cuIpcCloseMemHandle(twice) == kSuccess);
    REQUIRE(cuIpcCloseMemHandle(twice) == kSuccess);
    const CUdeviceptr kept = opened(2);
    REQUIRE(opened(2) == kept);
    REQUIRE(cuIpcCloseMemHandle(kept) == kSuccess);
    REQUIRE(cuDestroyExternalMemory(external()) == kSuccess);
    // A view of it is no memory of its own, and is given back as memory is.
    CUdeviceptr view;
    REQUIRE(cuExternalMemoryGetMappedBuffer(&view, external(), NULL) == kSuccess);
    REQUIRE(cuMemFree_v2(view) == kSuccess);
    expect_in("cuda_imported", "opened", 2, 2 << 20, 1, 1 << 20);
    expect_in("cuda_imported", "external", 2, 12000, 1, 6000);
}

int main(void) {
    CUcontext context;
    REQUIRE(cuInit(0) == kSuccess && cuCtxCreate_v2(&context, 0, 0) == kSuccess);
    handles();
    pools_and_graphs();
    imports();
    tell_truth();
    return 0;
}
