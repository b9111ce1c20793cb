#include "tests/cuda/victims/cuda_driver.h"

#pragma weak cuMemHostAlloc
#pragma weak cuMemFree_v2

typedef CUresult (*Free)(CUdeviceptr);
static const volatile Free kTable[] = {cuMemFree_v2};

int library_finds_cuda(void) {
    return cuMemHostAlloc != NULL;
}

int table_has_cuda(void) {
    return kTable[0] != NULL;
}

int allocates_if_there_is_cuda(void) {
    void* pointer;
    return cuMemHostAlloc == NULL ? -1 : cuMemHostAlloc(&pointer, 1000, 0);
}
