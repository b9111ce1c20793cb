/* What the victims call of the libraries that stand for PyTorch. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* libc10.so */
void* host_tensor(size_t size);
void free_host_tensor(void* tensor);
void set_profiling(int on);
int profiler_reports(void);
long long profiler_bytes(void);

/* libc10_cuda.so: what is handed out is a multiple of 512 bytes. */
void* cuda_tensor(size_t size, int device);
void free_cuda_tensor(void* tensor);
/* Reports as PyTorch 1 did. */
void set_signed_reports(int on);
/* Gives back the segments that hold no tensor. */
void empty_cache(void);
/* A tensor on a device that is neither the host nor CUDA's. */
void* other_tensor(size_t size);
void* pinned_tensor(size_t size);

#ifdef __cplusplus
}
#endif
