// A CUDA runtime for tests, which finds the driver the way the real one does since CUDA 11.3:
// dlopen, one dlsym for cuGetProcAddress_v2, and that for everything else, at the first call that
// needs it. As a shared library, and hidden in an archive as nvcc links it.
#include "tests/cuda/runtime/runtime.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/cuda/victims/cuda_driver.h"

enum { kVersion = 12000, kInsufficientDriver = 35, kMostDevices = 16 };

static struct {
    CUresult (*init)(unsigned);
    CUresult (*retain)(CUcontext*, CUdevice);
    CUresult (*reset)(CUdevice);
    CUresult (*set_current)(CUcontext);
    CUresult (*alloc)(CUdeviceptr*, size_t);
    CUresult (*alloc_managed)(CUdeviceptr*, size_t, unsigned);
    CUresult (*release)(CUdeviceptr);
    CUresult (*alloc_async)(CUdeviceptr*, size_t, CUstream);
    CUresult (*release_async)(CUdeviceptr, CUstream);
    CUresult (*alloc_async_per_thread)(CUdeviceptr*, size_t, CUstream);
    CUresult (*alloc_host)(void**, size_t, unsigned);
    CUresult (*release_host)(void*);
} driver;

static CUcontext contexts[kMostDevices];
static __thread int device;
static int error;

typedef CUresult (*GetProcAddress)(const char*, void**, int, uint64_t, int*);

static void find(GetProcAddress get, const char* name, int version, uint64_t flags,
                 void* function) {
    int status;
    if (get(name, (void**)function, version, flags, &status) != kSuccess)
        error = kInsufficientDriver;
}

static void find_driver(void) {
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    GetProcAddress first =
        library == NULL ? NULL : (GetProcAddress)dlsym(library, "cuGetProcAddress_v2");
    if (first == NULL) {
        error = kInsufficientDriver;
        return;
    }
    // The real one asks for the function that it asks with, too.
    void* get;
    find(first, "cuGetProcAddress", kVersion, 0, &get);
    find((GetProcAddress)get, "cuInit", 2000, 0, &driver.init);
    find((GetProcAddress)get, "cuDevicePrimaryCtxRetain", 7000, 0, &driver.retain);
    find((GetProcAddress)get, "cuDevicePrimaryCtxReset", 11000, 0, &driver.reset);
    find((GetProcAddress)get, "cuCtxSetCurrent", 4000, 0, &driver.set_current);
    find((GetProcAddress)get, "cuMemAlloc", 3020, 0, &driver.alloc);
    find((GetProcAddress)get, "cuMemAllocManaged", 6000, 0, &driver.alloc_managed);
    find((GetProcAddress)get, "cuMemFree", 3020, 0, &driver.release);
    find((GetProcAddress)get, "cuMemAllocAsync", 11020, 0, &driver.alloc_async);
    find((GetProcAddress)get, "cuMemFreeAsync", 11020, 0, &driver.release_async);
    find((GetProcAddress)get, "cuMemAllocAsync", 11020, 2, &driver.alloc_async_per_thread);
    find((GetProcAddress)get, "cuMemHostAlloc", 2020, 0, &driver.alloc_host);
    find((GetProcAddress)get, "cuMemFreeHost", 2000, 0, &driver.release_host);
    if (error == 0) error = driver.init(0);
}

static int ready(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_driver);
    if (error != 0) return error;
    if (contexts[device] == NULL) error = driver.retain(&contexts[device], device);
    return error != 0 ? error : driver.set_current(contexts[device]);
}

int cudaSetDevice(int number) {
    device = number;
    return ready();
}
int cudaMalloc(void** pointer, size_t size) {
    const int failure = ready();
    return failure != 0 ? failure : driver.alloc((CUdeviceptr*)pointer, size);
}
int cudaMallocManaged(void** pointer, size_t size, unsigned flags) {
    const int failure = ready();
    return failure != 0 ? failure : driver.alloc_managed((CUdeviceptr*)pointer, size, flags);
}
int cudaFree(void* pointer) {
    const int failure = ready();
    return failure != 0 || pointer == NULL ? failure : driver.release((CUdeviceptr)pointer);
}
int cudaMallocAsync(void** pointer, size_t size, void* stream) {
    const int failure = ready();
    return failure != 0 ? failure : driver.alloc_async((CUdeviceptr*)pointer, size, stream);
}
int cudaMallocAsync_ptsz(void** pointer, size_t size, void* stream) {
    const int failure = ready();
    return failure != 0 ? failure
                        : driver.alloc_async_per_thread((CUdeviceptr*)pointer, size, stream);
}
int cudaFreeAsync(void* pointer, void* stream) {
    const int failure = ready();
    return failure != 0 ? failure : driver.release_async((CUdeviceptr)pointer, stream);
}
int cudaHostAlloc(void** pointer, size_t size, unsigned flags) {
    const int failure = ready();
    return failure != 0 ? failure : driver.alloc_host(pointer, size, flags);
}
int cudaFreeHost(void* pointer) {
    const int failure = ready();
    return failure != 0 ? failure : driver.release_host(pointer);
}
int cudaDeviceReset(void) {
    const int failure = ready();
    return failure != 0 ? failure : driver.reset(device);
}
