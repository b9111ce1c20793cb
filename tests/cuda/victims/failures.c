// What goes wrong: deallocations that the driver refuses, memory that runs out, contexts that end.
// Arguments: which of it.
#include "tests/cuda/victims/cuda_driver.h"
#include "tests/victims/truth.h"

static void expect_device(const char* marker, int64_t allocations, int64_t bytes,
                          int64_t deallocations, int64_t live) {
    expect_from("cuda_device", marker, marker, allocations, bytes, deallocations, live);
}

MARKER CUdeviceptr allocates(size_t size) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, size) == kSuccess);
    return pointer;
}
MARKER void frees_in_vain(CUdeviceptr pointer, CUresult result) {
    REQUIRE(cuMemFree_v2(pointer) == result);
}
MARKER void runs_out(size_t size) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, size) == kOutOfMemory);
}

static void refused(void) {
    const CUdeviceptr pointer = allocates(1000);
    for (volatile int i = 0; i < 2; ++i) {
        fakeFailNextFree(kNotPermitted);
        frees_in_vain(pointer, kNotPermitted);
    }
    REQUIRE(cuMemFree_v2(allocates(2000)) == kSuccess);
    expect_device("allocates", 2, 3000, 1, 1000);
}

static void twice(void) {
    const CUdeviceptr pointer = allocates(1000);
    REQUIRE(cuMemFree_v2(pointer) == kSuccess);
    frees_in_vain(pointer, kInvalidValue);
    expect_device("allocates", 1, 1000, 1, 0);
}

static void after_the_end(void) {
    const CUdeviceptr pointer = allocates(1000);
    fakeShutDown();
    frees_in_vain(pointer, kDeinitialized);
    expect_device("allocates", 1, 1000, 0, 1000);
}

static void checkpoint(void) {
    allocates(1000);
    REQUIRE(cuCheckpointProcessCheckpoint(getpid(), NULL) == kSuccess);
    REQUIRE(cuCheckpointProcessRestore(getpid(), NULL) == kSuccess);
    REQUIRE(cuCheckpointProcessCheckpoint(getppid(), NULL) == kSuccess);
    expect_device("allocates", 1, 1000, 0, 1000);
}

static void out_of_memory(void) {
    size_t free_bytes, total;
    REQUIRE(cuMemGetInfo_v2(&free_bytes, &total) == kSuccess);
    allocates(total / 2);
    for (volatile int i = 0; i < 3; ++i) runs_out(total);
    REQUIRE(cuMemFree_v2(allocates(total / 4)) == kSuccess);
    expect_device("allocates", 2, (int64_t)(total / 2 + total / 4), 1, (int64_t)(total / 2));
    expect_device("runs_out", 0, 0, 0, 0);
}

MARKER void goes_with_its_context(void) {
    CUdeviceptr pointer;
    CUarray array;
    const ArrayDescription description = {16, 16, kFloat, 1};
    REQUIRE(cuMemAlloc_v2(&pointer, 5000) == kSuccess);
    REQUIRE(cuArrayCreate_v2(&array, &description) == kSuccess);
}
MARKER void stays(void) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAllocAsync(&pointer, 6000, NULL) == kSuccess);
}

MARKER void goes_with_the_primary_one(void) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, 800) == kSuccess);
}
MARKER void goes_with_the_last_detach(void) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, 900) == kSuccess);
}

// A green context is a part of the primary one, and counts as one who retains it. One that is
// attached to ends when all have detached.
static void green_and_attached(void) {
    CUgreenContext green;
    CUcontext primary, context;
    REQUIRE(cuDevicePrimaryCtxRetain(&primary, 0) == kSuccess);
    REQUIRE(cuGreenCtxCreate(&green, NULL, 0, 1) == kSuccess);
    REQUIRE(cuCtxFromGreenCtx(&context, green) == kSuccess && cuCtxSetCurrent(context) == kSuccess);
    goes_with_the_primary_one();
    REQUIRE(cuCtxSetCurrent(primary) == kSuccess);
    REQUIRE(cuDevicePrimaryCtxRelease_v2(0) == kSuccess);
    goes_with_the_primary_one();
    REQUIRE(cuGreenCtxDestroy(green) == kSuccess);
    expect_device("goes_with_the_primary_one", 2, 1600, 2, 0);

    REQUIRE(cuCtxCreate_v2(&context, 0, 0) == kSuccess);
    REQUIRE(cuCtxAttach(&context, 0) == kSuccess && cuCtxDetach(context) == kSuccess);
    goes_with_the_last_detach();
    REQUIRE(cuCtxDetach(context) == kSuccess);
    expect_device("goes_with_the_last_detach", 1, 900, 1, 0);
}

static void contexts(void) {
    CUcontext other;
    CUcontext primary;
    REQUIRE(cuCtxCreate_v2(&other, 0, 0) == kSuccess);
    for (int i = 0; i < 3; ++i) goes_with_its_context();
    stays();
    REQUIRE(cuCtxDestroy_v2(other) == kSuccess);
    REQUIRE(cuDevicePrimaryCtxRetain(&primary, 0) == kSuccess);
    REQUIRE(cuDevicePrimaryCtxRetain(&primary, 0) == kSuccess);
    REQUIRE(cuCtxSetCurrent(primary) == kSuccess);
    goes_with_its_context();
    REQUIRE(cuDevicePrimaryCtxRelease_v2(0) == kSuccess);
    allocates(700);
    REQUIRE(cuDevicePrimaryCtxReset_v2(0) == kSuccess);
    // The last release ends it, as a reset does.
    goes_with_its_context();
    REQUIRE(cuDevicePrimaryCtxRelease_v2(0) == kSuccess);
    expect_device("allocates", 1, 700, 1, 0);
    green_and_attached();
    expect_device("goes_with_its_context", 5, 25000, 5, 0);
    expect_from("cuda_array", NULL, "goes_with_its_context", 5, 5 * 1024, 5, 0);
    expect_from("cuda_pool", NULL, "stays", 1, 6000, 0, 6000);
}

int main(int argc, char** argv) {
    CUcontext context;
    REQUIRE(argc == 2 && cuInit(0) == kSuccess && cuCtxCreate_v2(&context, 0, 0) == kSuccess);
    if (strcmp(argv[1], "refused") == 0) refused();
    if (strcmp(argv[1], "twice") == 0) twice();
    if (strcmp(argv[1], "after_the_end") == 0) after_the_end();
    if (strcmp(argv[1], "out_of_memory") == 0) out_of_memory();
    if (strcmp(argv[1], "contexts") == 0) contexts();
    if (strcmp(argv[1], "checkpoint") == 0) checkpoint();
    REQUIRE(truth_count > 0);
    tell_truth();
    return 0;
}
