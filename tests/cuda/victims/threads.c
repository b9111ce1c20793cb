// Many threads on the driver, which gives an address that was freed to the next one at once.
#include <pthread.h>

#include "tests/cuda/victims/cuda_driver.h"
#include "tests/victims/truth.h"

enum { kThreads = 8, kRounds = 2000 };

static CUcontext context;
static CUdeviceptr exchanged[kThreads];

MARKER CUdeviceptr allocates(size_t size) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAlloc_v2(&pointer, size) == kSuccess);
    return pointer;
}

static void* work(void* argument) {
    const long number = (long)argument;
    REQUIRE(cuCtxSetCurrent(context) == kSuccess);
    for (int i = 0; i < kRounds; ++i) {
        const CUdeviceptr fresh = allocates(1024);
        // What another thread left is freed by this one.
        const CUdeviceptr before =
            __atomic_exchange_n(&exchanged[(number + i) % kThreads], fresh, __ATOMIC_ACQ_REL);
        REQUIRE(cuMemFree_v2(before) == kSuccess);
    }
    return NULL;
}

int main(void) {
    REQUIRE(cuInit(0) == kSuccess && cuCtxCreate_v2(&context, 0, 0) == kSuccess);
    pthread_t threads[kThreads];
    for (long i = 0; i < kThreads; ++i)
        REQUIRE(pthread_create(&threads[i], NULL, work, (void*)i) == 0);
    for (int i = 0; i < kThreads; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
    const int64_t all = kThreads * kRounds;
    expect_from("cuda_device", "allocates", "allocates", all, all * 1024, all - kThreads,
                kThreads * 1024);
    tell_truth();
    return 0;
}
