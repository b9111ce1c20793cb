// A program of the CUDA runtime's: two devices, host memory besides, a reset at the end.
#include "tests/cuda/runtime/runtime.h"

#include "tests/victims/truth.h"

// Rows have the runtime's function as their innermost frame.
static void expect_in(const char* domain, const char* marker, int64_t allocations, int64_t bytes,
                      int64_t deallocations, int64_t live) {
    expect_from(domain, NULL, marker, allocations, bytes, deallocations, live);
}

MARKER void* device_memory(size_t size) {
    void* pointer;
    REQUIRE(cudaMalloc(&pointer, size) == 0);
    return pointer;
}
MARKER void* second_device(size_t size) {
    void* pointer;
    REQUIRE(cudaSetDevice(1) == 0 && cudaMalloc(&pointer, size) == 0 && cudaSetDevice(0) == 0);
    return pointer;
}
MARKER void* reset_with_its_device(size_t size) {
    void* pointer;
    REQUIRE(cudaMalloc(&pointer, size) == 0);
    return pointer;
}
MARKER void* in_order(size_t size) {
    void* pointer;
    REQUIRE(cudaMallocAsync(&pointer, size, NULL) == 0);
    return pointer;
}
MARKER void* in_order_of_thread(size_t size) {
    void* pointer;
    REQUIRE(cudaMallocAsync_ptsz(&pointer, size, NULL) == 0);
    return pointer;
}
MARKER void* pinned(size_t size) {
    void* pointer;
    REQUIRE(cudaHostAlloc(&pointer, size, 0) == 0);
    return pointer;
}
MARKER void managed(size_t size) {
    void* pointer;
    REQUIRE(cudaMallocManaged(&pointer, size, 1) == 0);
}
MARKER void host_memory(size_t size) {
    REQUIRE(keep(malloc(size)) != NULL);
}

int main(void) {
    reset_with_its_device(100000);
    REQUIRE(cudaDeviceReset() == 0);
    for (int i = 0; i < 4; ++i) {
        device_memory(1 << 20);
        second_device(1 << 19);
        host_memory(5000);
    }
    REQUIRE(cudaFree(device_memory(1 << 20)) == 0);
    for (int i = 0; i < 3; ++i) REQUIRE(cudaFreeAsync(in_order(4096), NULL) == 0);
    in_order_of_thread(8192);
    // Memory of a pool may be freed out of order, too.
    REQUIRE(cudaFree(in_order(4096)) == 0);
    REQUIRE(cudaFreeHost(pinned(10000)) == 0);
    managed(20000);

    expect_in("cuda_device", "reset_with_its_device", 1, 100000, 1, 0);
    expect_in("cuda_device", "device_memory", 5, 5 << 20, 1, 4 << 20);
    expect_in("cuda_device", "second_device", 4, 4 << 19, 0, 4 << 19);
    expect_in("cuda_pool", "in_order", 4, 4 * 4096, 4, 0);
    expect_in("cuda_pool", "in_order_of_thread", 1, 8192, 0, 8192);
    expect_in("cuda_pinned", "pinned", 1, 10000, 1, 0);
    expect_in("cuda_managed", "managed", 1, 20000, 0, 20000);
    expect("host_memory", 4, 20000, 0, 20000);
    tell_truth();
    return 0;
}
