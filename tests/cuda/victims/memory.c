// Device, pitched, managed, pinned and registered memory, and arrays, each in a marker of its own.
#include "tests/cuda/victims/cuda_driver.h"
#include "tests/victims/truth.h"

static void expect_in(const char* domain, const char* marker, int64_t allocations, int64_t bytes,
                      int64_t deallocations, int64_t live) {
    expect_from(domain, marker, marker, allocations, bytes, deallocations, live);
}

MARKER CUdeviceptr device_kept(size_t size) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, size) == kSuccess);
    return pointer;
}

MARKER CUdeviceptr device_freed(size_t size) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, size) == kSuccess);
    return pointer;
}

// The driver gives the same address out again at once.
MARKER CUdeviceptr device_again(CUdeviceptr before) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, 4096) == kSuccess);
    REQUIRE(before == 0 || pointer == before);
    return pointer;
}

MARKER void device_pitched(void) {
    CUdeviceptr pointer;
    size_t pitch;
    REQUIRE(cuMemAllocPitch_v2(&pointer, &pitch, 1000, 10, 4) == kSuccess);
    REQUIRE(pitch == 1024);
}

MARKER void managed_kept(void) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAllocManaged(&pointer, 8192, 1) == kSuccess);
    *(char*)pointer = 1;
}

MARKER void* pinned(size_t size) {
    void* pointer;
    REQUIRE(cuMemHostAlloc(&pointer, size, 0) == kSuccess);
    return pointer;
}

MARKER void* pinned_the_old_way(void) {
    void* pointer;
    REQUIRE(cuMemAllocHost_v2(&pointer, 5000) == kSuccess);
    return pointer;
}

MARKER void registered(void* memory) {
    REQUIRE(cuMemHostRegister_v2(memory, 4096, 0) == kSuccess);
}

MARKER CUarray array_plain(void) {
    const ArrayDescription description = {64, 32, kFloat, 4};
    CUarray array;
    REQUIRE(cuArrayCreate_v2(&array, &description) == kSuccess);
    return array;
}

MARKER CUarray array_deep(void) {
    const ArrayDescription3d description = {16, 8, 4, kFloat, 1, 0};
    CUarray array;
    REQUIRE(cuArray3DCreate_v2(&array, &description) == kSuccess);
    return array;
}

MARKER CUarray array_of_levels(void) {
    const ArrayDescription3d description = {8, 8, 0, kFloat, 1, 0};
    CUarray array;
    REQUIRE(cuMipmappedArrayCreate(&array, &description, 4) == kSuccess);
    return array;
}

int main(void) {
    CUcontext context;
    REQUIRE(cuInit(0) == kSuccess && cuCtxCreate_v2(&context, 0, 0) == kSuccess);

    for (int i = 0; i < 5; ++i) device_kept(1000000);
    for (int i = 0; i < 10; ++i) REQUIRE(cuMemFree_v2(device_freed(3000)) == kSuccess);
    CUdeviceptr again = 0;
    for (int i = 0; i < 100; ++i) {
        again = device_again(again);
        REQUIRE(cuMemFree_v2(again) == kSuccess);
    }
    REQUIRE(cuMemFree_v2(0) == kSuccess);
    device_pitched();
    managed_kept();
    void* freed = pinned(6000);
    pinned(7000);
    REQUIRE(cuMemFreeHost(freed) == kSuccess);
    REQUIRE(cuMemFreeHost(pinned_the_old_way()) == kSuccess);
    static char memory[8192];
    registered(memory);
    registered(memory + 4096);
    REQUIRE(cuMemHostUnregister(memory) == kSuccess);
    REQUIRE(cuArrayDestroy(array_plain()) == kSuccess);
    array_deep();
    REQUIRE(cuMipmappedArrayDestroy(array_of_levels()) == kSuccess);

    expect_in("cuda_device", "device_kept", 5, 5000000, 0, 5000000);
    expect_in("cuda_device", "device_freed", 10, 30000, 10, 0);
    expect_in("cuda_device", "device_again", 100, 409600, 100, 0);
    expect_in("cuda_device", "device_pitched", 1, 10240, 0, 10240);
    expect_in("cuda_managed", "managed_kept", 1, 8192, 0, 8192);
    expect_in("cuda_pinned", "pinned", 2, 13000, 1, 7000);
    expect_in("cuda_pinned", "pinned_the_old_way", 1, 5000, 1, 0);
    expect_in("cuda_registered", "registered", 2, 8192, 1, 4096);
    expect_in("cuda_array", "array_plain", 1, 64 * 32 * 16, 1, 0);
    expect_in("cuda_array", "array_deep", 1, 16 * 8 * 4 * 4, 0, 16 * 8 * 4 * 4);
    expect_in("cuda_array", "array_of_levels", 1, (64 + 16 + 4 + 1) * 4, 1, 0);
    tell_truth();
    return 0;
}
