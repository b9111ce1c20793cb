// Does without CUDA, and asks by weak references whether there is any. Prints what it finds.
#include <dlfcn.h>
#include <stdio.h>

#include "tests/cuda/victims/cuda_driver.h"
#include "tests/victims/truth.h"

#pragma weak cuInit
#pragma weak cuCtxCreate_v2
#pragma weak cuMemAlloc_v2
#pragma weak cuGetProcAddress_v2

int library_finds_cuda(void);
int table_has_cuda(void);

int main(int argc, char** argv) {
    printf("cuInit: %d\n", cuInit != NULL);
    printf("cuMemAlloc_v2: %d\n", cuMemAlloc_v2 != NULL);
    printf("cuGetProcAddress_v2: %d\n", cuGetProcAddress_v2 != NULL);
    printf("in a table: %d\n", table_has_cuda());
    printf("in a library: %d\n", library_finds_cuda());
    if (cuMemAlloc_v2 != NULL) {
        CUdeviceptr pointer;
        CUcontext context;
        REQUIRE(cuInit(0) == kSuccess && cuCtxCreate_v2(&context, 0, 0) == kSuccess);
        REQUIRE(cuMemAlloc_v2(&pointer, 1000) == kSuccess);
    }
    // A library that is loaded now is not bound as without the recorder, but must not fail.
    if (argc > 1) {
        void* plugin = dlopen(argv[1], RTLD_NOW);
        REQUIRE(plugin != NULL);
        printf("what a plugin allocates: %d\n",
               ((int (*)(void))dlsym(plugin, "allocates_if_there_is_cuda"))() == 0);
    }
    return 0;
}
