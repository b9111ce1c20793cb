// One allocation by each way that leads to the driver. Argument: which.
//   linked        the loader binds the call
//   handle        dlopen and dlsym
//   global        dlopen for everyone, dlsym without a handle
//   versions      cuGetProcAddress, in several versions, and for the thread's own stream
//   deepbind      by a plugin that sees no preloaded library; also: its file, and whether the
//                 recorder is to see it: 0 or 1
//   dlmopen       by a plugin in a namespace of its own; the same
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "tests/cuda/victims/cuda_driver.h"
#include "tests/victims/truth.h"

typedef CUresult (*Init)(unsigned);
typedef CUresult (*CreateContext)(CUcontext*, unsigned, CUdevice);
typedef CUresult (*Alloc)(CUdeviceptr*, size_t);
typedef CUresult (*AllocAsync)(CUdeviceptr*, size_t, CUstream);
typedef CUresult (*GetProcAddress)(const char*, void**, int, uint64_t, int*);

static void* driver_handle(int flags) {
    void* library = dlopen("libcuda.so.1", RTLD_NOW | flags);
    REQUIRE(library != NULL);
    CUcontext context;
    REQUIRE(((Init)dlsym(library, "cuInit"))(0) == kSuccess);
    REQUIRE(((CreateContext)dlsym(library, "cuCtxCreate_v2"))(&context, 0, 0) == kSuccess);
    return library;
}

MARKER void allocates(Alloc alloc) {
    CUdeviceptr pointer;
    REQUIRE(alloc(&pointer, 1000) == kSuccess);
}
MARKER void allocates_in_order(AllocAsync alloc) {
    CUdeviceptr pointer;
    REQUIRE(alloc(&pointer, 3000, NULL) == kSuccess);
}

static void* asked_for(GetProcAddress get, const char* name, int version, uint64_t flags) {
    void* function;
    int status;
    REQUIRE(get(name, &function, version, flags, &status) == kSuccess && status == 0);
    return function;
}

static void expect_device(const char* marker, int64_t count) {
    expect_from("cuda_device", marker, marker, count, 1000 * count, 0, 1000 * count);
}

static void by_plugin(void* plugin, const char* seen) {
    REQUIRE(plugin != NULL);
    REQUIRE(((int (*)(void))dlsym(plugin, "allocate_past_everyone"))() == kSuccess);
    const int count = *seen == '1';
    expect_from("cuda_device", NULL, "allocate_past_everyone", count, 1000 * count, 0,
                1000 * count);
}

int main(int argc, char** argv) {
    REQUIRE(argc >= 2);
    if (strcmp(argv[1], "handle") == 0) {
        allocates((Alloc)dlsym(driver_handle(RTLD_LOCAL), "cuMemAlloc_v2"));
        expect_device("allocates", 1);
    } else if (strcmp(argv[1], "global") == 0) {
        driver_handle(RTLD_GLOBAL);
        allocates((Alloc)dlsym(RTLD_DEFAULT, "cuMemAlloc_v2"));
        expect_device("allocates", 1);
    } else if (strcmp(argv[1], "versions") == 0) {
        void* library = driver_handle(RTLD_LOCAL);
        const GetProcAddress get = (GetProcAddress)dlsym(library, "cuGetProcAddress_v2");
        allocates((Alloc)asked_for(get, "cuMemAlloc", 3020, 0));
        allocates((Alloc)asked_for(get, "cuMemAlloc", 13000, 0));
        // Asked for as of a driver to come: it is the function that we know, so it is recorded.
        allocates((Alloc)asked_for(get, "cuMemAlloc", 99000, 0));
        allocates_in_order((AllocAsync)asked_for(get, "cuMemAllocAsync", 11020, 0));
        allocates_in_order((AllocAsync)asked_for(get, "cuMemAllocAsync", 12000, 2));
        const GetProcAddress again = (GetProcAddress)asked_for(get, "cuGetProcAddress", 12000, 0);
        allocates((Alloc)asked_for(again, "cuMemAlloc", 12000, 0));
        void* function;
        int status;
        REQUIRE(get("", &function, 0, 0, &status) != kSuccess && function == NULL);
        REQUIRE(get("cuNoSuchFunction", &function, 12000, 0, &status) != kSuccess);
        expect_device("allocates", 4);
        expect_from("cuda_pool", "allocates_in_order", "allocates_in_order", 2, 6000, 0, 6000);
    } else if (strcmp(argv[1], "deepbind") == 0) {
        by_plugin(dlopen(argv[2], RTLD_LAZY | RTLD_DEEPBIND), argv[3]);
    } else if (strcmp(argv[1], "dlmopen") == 0) {
        by_plugin(dlmopen(LM_ID_NEWLM, argv[2], RTLD_LAZY), argv[3]);
    }
    REQUIRE(truth_count > 0);
    tell_truth();
    return 0;
}
