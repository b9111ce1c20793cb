// Memory of the driver's that host memory leads to in every way, and in none. The driver keeps
// books of all of it, in blocks of its own: what is expected is of its memory alone.
#include "tests/cuda/victims/cuda_driver.h"
#include "tests/victims/reach.h"

enum { kPiece = 2 << 20 };

static CUdeviceptr in_global[16];
static int in_global_count;
static void** block;
static char* pinned_page;
static CUdeviceptr* before_the_end;

static CUdeviceptr allocate(size_t size) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, size) == kSuccess);
    return pointer;
}
static void keep_globally(CUdeviceptr word) {
    REQUIRE(in_global_count < 16);
    in_global[in_global_count++] = word;
    READ_BY_SOMEBODY(in_global);
}

MARKER void held_by_global(void) {
    keep_globally(allocate(1000));
}
MARKER void held_inside(void) {
    keep_globally(allocate(4096) + 2000);
}
MARKER void held_behind_its_end(void) {
    // Where the next one will lie.
    keep_globally(allocate(512) + 512);
}
MARKER void held_by_block(void) {
    block[0] = (void*)allocate(1000);
}
MARKER void held_by_pinned_memory(void) {
    *(CUdeviceptr*)pinned_page = allocate(1000);
}
MARKER void held_by_lost_block(void) {
    CUdeviceptr* lost = keep(malloc(64));
    lost[3] = allocate(1000);
}
MARKER void held_by_interior_pointer(void) {
    before_the_end = (CUdeviceptr*)malloc(64) + 3;
    before_the_end[2] = allocate(1000);
    READ_BY_SOMEBODY(before_the_end);
}
MARKER void lost_device_memory(void) {
    for (int i = 0; i < 9; ++i) allocate(1000);
}
MARKER void lost_managed_memory(void) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAllocManaged(&pointer, 4096, 1) == kSuccess);
}
MARKER void lost_pinned_memory(void) {
    void* pointer;
    REQUIRE(cuMemHostAlloc(&pointer, 4096, 0) == kSuccess);
}
MARKER void lost_pool_memory(void) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAllocAsync(&pointer, 4096, NULL) == kSuccess);
}
MARKER void held_pool_memory(void) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAllocAsync(&pointer, 4096, NULL) == kSuccess);
    keep_globally(pointer);
}

static CUmemHandle create(void) {
    const MemoryProperties properties = {.kind = 1, .location_kind = kOnDevice, .location = 0};
    CUmemHandle handle;
    REQUIRE(cuMemCreate(&handle, kPiece, &properties, 0) == kSuccess);
    return handle;
}
static CUdeviceptr map(CUmemHandle handle) {
    CUdeviceptr at;
    REQUIRE(cuMemAddressReserve(&at, kPiece, 0, 0, 0) == kSuccess);
    REQUIRE(cuMemMap(at, kPiece, 0, handle, 0) == kSuccess);
    return at;
}
MARKER void held_by_handle(void) {
    const CUmemHandle handle = create();
    map(handle);
    keep_globally(handle);
}
MARKER void held_where_it_is_mapped(void) {
    const CUmemHandle handle = create();
    keep_globally(map(handle) + 4096);
    REQUIRE(cuMemRelease(handle) == kSuccess);
}
MARKER void lost_handle(void) {
    create();
}
MARKER void lost_mapping(void) {
    const CUmemHandle handle = create();
    map(handle);
    REQUIRE(cuMemRelease(handle) == kSuccess);
}

static CUarray create_array(void) {
    const ArrayDescription description = {64, 8, kFloat, 1};
    CUarray array;
    REQUIRE(cuArrayCreate_v2(&array, &description) == kSuccess);
    return array;
}
MARKER void held_array(void) {
    keep_globally((CUdeviceptr)create_array());
}
MARKER void lost_array(void) {
    create_array();
}

int main(void) {
    CUcontext context;
    void* pinned;
    REQUIRE(cuInit(0) == kSuccess && cuCtxCreate_v2(&context, 0, 0) == kSuccess);
    REQUIRE(cuMemHostAlloc(&pinned, 4096, 0) == kSuccess);
    pinned_page = pinned;
    block = calloc(8, sizeof *block);
    held_by_global();
    held_inside();
    held_behind_its_end();
    allocate(512);
    held_by_block();
    held_by_pinned_memory();
    held_by_lost_block();
    held_by_interior_pointer();
    lost_device_memory();
    lost_managed_memory();
    lost_pinned_memory();
    lost_pool_memory();
    held_pool_memory();
    held_by_handle();
    held_where_it_is_mapped();
    lost_handle();
    lost_mapping();
    held_array();
    lost_array();
    READ_BY_SOMEBODY(block);
    READ_BY_SOMEBODY(pinned_page);

    expect_reachable("held_by_global");
    expect_reachable("held_inside");
    expect_lost("held_behind_its_end");
    expect_reachable("held_by_block");
    expect_reachable("held_by_pinned_memory");
    expect_reach("held_by_lost_block", 0, 1, 0, 0);
    expect_possible("held_by_interior_pointer");
    expect_reach("lost_device_memory", 9, 0, 0, 0);
    expect_lost("lost_managed_memory");
    expect_lost("lost_pinned_memory");
    expect_lost("lost_pool_memory");
    expect_reachable("held_pool_memory");
    expect_reachable("held_by_handle");
    expect_reachable("held_where_it_is_mapped");
    expect_lost("lost_handle");
    expect_lost("lost_mapping");
    expect_reachable("held_array");
    expect_lost("lost_array");
    tell_reach();
    wipe_stack();
    return 0;
}
