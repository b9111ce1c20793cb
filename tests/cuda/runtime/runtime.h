// The runtime's functions as the victims call them.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int cudaSetDevice(int number);
int cudaMalloc(void** pointer, size_t size);
int cudaMallocManaged(void** pointer, size_t size, unsigned flags);
int cudaFree(void* pointer);
int cudaMallocAsync(void** pointer, size_t size, void* stream);
int cudaMallocAsync_ptsz(void** pointer, size_t size, void* stream);
int cudaFreeAsync(void* pointer, void* stream);
int cudaHostAlloc(void** pointer, size_t size, unsigned flags);
int cudaFreeHost(void* pointer);
int cudaDeviceReset(void);

#ifdef __cplusplus
}
#endif
