// Loaded with RTLD_DEEPBIND, so that its dlsym is libc's.
#include <dlfcn.h>

#include "tests/cuda/victims/cuda_driver.h"

int allocate_past_everyone(void) {
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library == NULL) return -1;
    CUresult (*init)(unsigned) = (CUresult(*)(unsigned))dlsym(library, "cuInit");
    CUresult (*create)(CUcontext*, unsigned, CUdevice) =
        (CUresult(*)(CUcontext*, unsigned, CUdevice))dlsym(library, "cuCtxCreate_v2");
    CUresult (*alloc)(CUdeviceptr*, size_t) =
        (CUresult(*)(CUdeviceptr*, size_t))dlsym(library, "cuMemAlloc_v2");
    CUcontext context;
    CUdeviceptr pointer;
    if (init(0) != kSuccess || create(&context, 0, 0) != kSuccess) return -2;
    return alloc(&pointer, 1000);
}
