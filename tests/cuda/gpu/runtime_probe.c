// What NVIDIA's runtime makes of each of its functions; linked with the shared and with the static
// one. Prints one line for each question, as probe.c does.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "tests/victims/truth.h"

enum { kCalls = 10, kFloats = 2 };

typedef struct {
    int bits[4], kind;
} ChannelFormat;

int cudaMalloc(void** pointer, size_t size);
int cudaMallocPitch(void** pointer, size_t* pitch, size_t width, size_t height);
int cudaMallocManaged(void** pointer, size_t size, unsigned flags);
int cudaMallocAsync(void** pointer, size_t size, void* stream);
int cudaMallocArray(void** array, const ChannelFormat* format, size_t width, size_t height,
                    unsigned flags);
int cudaHostAlloc(void** pointer, size_t size, unsigned flags);
int cudaMallocHost(void** pointer, size_t size);
int cudaMemGetInfo(size_t* free_bytes, size_t* total);
// One of them, by the runtime's version.
#pragma weak cudaGetDriverEntryPoint
#pragma weak cudaGetDriverEntryPointByVersion
int cudaGetDriverEntryPoint(const char* name, void** function, unsigned long long flags,
                            int* status);
int cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned version,
                                     unsigned long long flags, int* status);

static int failure;

#define TEN_TIMES(call) \
    for (int i = 0; i < kCalls && failure == 0; ++i) failure = (call)

MARKER void by_runtime(void) {
    void* pointer;
    size_t pitch;
    const ChannelFormat format = {{32, 0, 0, 0}, kFloats};
    TEN_TIMES(cudaMalloc(&pointer, 1 << 20));
    TEN_TIMES(cudaMallocPitch(&pointer, &pitch, 1000, 100));
    TEN_TIMES(cudaMallocManaged(&pointer, 1 << 16, 1));
    TEN_TIMES(cudaMallocAsync(&pointer, 1 << 16, NULL));
    TEN_TIMES(cudaMallocArray(&pointer, &format, 64, 64, 0));
    TEN_TIMES(cudaHostAlloc(&pointer, 4096, 0));
    TEN_TIMES(cudaMallocHost(&pointer, 4096));
}

int main(void) {
    size_t before = 0, after = 0, total = 0;
    failure = cudaMemGetInfo(&before, &total);
    by_runtime();
    if (failure == 0) failure = cudaMemGetInfo(&after, &total);
    printf("calls of each of 7 functions of the runtime that allocate\t%d, result %d\n", kCalls,
           failure);
    printf("device memory that cudaMemGetInfo says was taken\t%zu\n", before - after);
    void* function = NULL;
    int status = 0;
    if (cudaGetDriverEntryPointByVersion != NULL)
        cudaGetDriverEntryPointByVersion("cuMemAlloc", &function, 12000, 0, &status);
    else if (cudaGetDriverEntryPoint != NULL)
        cudaGetDriverEntryPoint("cuMemAlloc", &function, 0, &status);
    Dl_info info;
    const char* module =
        function != NULL && dladdr(function, &info) != 0 ? info.dli_fname : "/none";
    printf("cudaGetDriverEntryPoint leads to\t%s\n", strrchr(module, '/') + 1);
    return failure == 0 ? 0 : 1;
}
