// Bound to the driver by the loader.
#include "tests/cuda/victims/cuda_driver.h"

int allocate_past_everyone(void) {
    CUcontext context;
    CUdeviceptr pointer;
    if (cuInit(0) != kSuccess || cuCtxCreate_v2(&context, 0, 0) != kSuccess) return -1;
    return cuMemAlloc_v2(&pointer, 1000);
}
