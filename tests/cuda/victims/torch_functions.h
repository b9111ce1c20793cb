// The libraries that stand for PyTorch, loaded as Python loads it: for the caller alone.
#pragma once

#include <dlfcn.h>

#include "tests/cuda/torch/torch.h"
#include "tests/victims/truth.h"

static struct {
    void* (*host_tensor)(size_t);
    void (*free_host_tensor)(void*);
    void (*set_profiling)(int);
    int (*profiler_reports)(void);
    long long (*profiler_bytes)(void);
    void* (*cuda_tensor)(size_t, int);
    void (*free_cuda_tensor)(void*);
    void (*set_signed_reports)(int);
    void (*empty_cache)(void);
    void* (*other_tensor)(size_t);
    void* (*pinned_tensor)(size_t);
} torch;

static void load_torch(void) {
    void* library = dlopen("libc10_cuda.so", RTLD_NOW);
    REQUIRE(library != NULL);
#define FIND(name) REQUIRE((torch.name = (__typeof__(torch.name))dlsym(library, #name)) != NULL)
    FIND(host_tensor);
    FIND(free_host_tensor);
    FIND(set_profiling);
    FIND(profiler_reports);
    FIND(profiler_bytes);
    FIND(cuda_tensor);
    FIND(free_cuda_tensor);
    FIND(set_signed_reports);
    FIND(empty_cache);
    FIND(other_tensor);
    FIND(pinned_tensor);
#undef FIND
}
