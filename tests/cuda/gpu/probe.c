// What only a real driver can answer; see scripts/gpu-test. Finds the driver by itself. Prints one
// line for each question: its name, a tab, the answer.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/cuda/victims/cuda_driver.h"

typedef CUresult (*GetProcAddress)(const char*, void**, int, uint64_t, int*);

static void* library;
static GetProcAddress get;

static void* find(const char* symbol) {
    void* function = dlsym(library, symbol);
    if (function == NULL) {
        printf("missing\t%s\n", symbol);
        exit(1);
    }
    return function;
}

#define CALL(type, symbol) ((type)find(symbol))
typedef CUresult (*Alloc)(CUdeviceptr*, size_t);
typedef CUresult (*AllocPitch)(CUdeviceptr*, size_t*, size_t, size_t, unsigned);
typedef CUresult (*Free)(CUdeviceptr);
typedef CUresult (*AllocAsync)(CUdeviceptr*, size_t, CUstream);
typedef CUresult (*FreeAsync)(CUdeviceptr, CUstream);
typedef CUresult (*GetInfo)(size_t*, size_t*);
typedef CUresult (*Launch)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                           unsigned, CUstream, void**, void**);

static const char* module_of(void* function) {
    Dl_info info;
    if (function == NULL || dladdr(function, &info) == 0) return "nowhere";
    const char* slash = strrchr(info.dli_fname, '/');
    return slash == NULL ? info.dli_fname : slash + 1;
}

static void pointers(void) {
    static const struct {
        const char* name;
        int version;
        const char* symbol;
    } kAsked[] = {
        {"cuMemAlloc", 3020, "cuMemAlloc_v2"},      {"cuMemFree", 3020, "cuMemFree_v2"},
        {"cuMemHostAlloc", 2020, "cuMemHostAlloc"}, {"cuMemAllocAsync", 11020, "cuMemAllocAsync"},
        {"cuMemCreate", 10020, "cuMemCreate"},      {"cuCtxGetCurrent", 4000, "cuCtxGetCurrent"}};
    int equal = 0;
    for (size_t i = 0; i < sizeof kAsked / sizeof *kAsked; ++i) {
        void* function = NULL;
        int status;
        get(kAsked[i].name, &function, kAsked[i].version, 0, &status);
        equal += function == find(kAsked[i].symbol);
    }
    printf("pointers of cuGetProcAddress that are those of dlsym\t%d of %zu\n", equal,
           sizeof kAsked / sizeof *kAsked);
    printf("cuMemAlloc_v2 leads to\t%s\n", module_of(find("cuMemAlloc_v2")));
    void* function = NULL;
    int status = -1;
    const CUresult result = get("", &function, 0, 0, &status);
    printf("the empty name\tresult %d, pointer %s, status %d\n", result,
           function == NULL ? "none" : module_of(function), status);
}

static size_t free_bytes(void) {
    size_t left = 0, total = 0;
    CALL(GetInfo, "cuMemGetInfo_v2")(&left, &total);
    return left;
}

static void sizes(void) {
    static const size_t kSizes[] = {1, 1000, 1 << 20, (2 << 20) + 1, 64 << 20};
    for (size_t i = 0; i < sizeof kSizes / sizeof *kSizes; ++i) {
        CUdeviceptr pointer;
        const size_t before = free_bytes();
        if (CALL(Alloc, "cuMemAlloc_v2")(&pointer, kSizes[i]) != kSuccess) continue;
        printf("device memory taken for %zu bytes\t%zu\n", kSizes[i], before - free_bytes());
        CALL(Free, "cuMemFree_v2")(pointer);
    }
    CUdeviceptr pointer;
    size_t pitch;
    const size_t before = free_bytes();
    if (CALL(AllocPitch, "cuMemAllocPitch_v2")(&pointer, &pitch, 1000, 10000, 4) == kSuccess) {
        printf("device memory taken for 10000 rows of pitch %zu\t%zu\n", pitch,
               before - free_bytes());
        CALL(Free, "cuMemFree_v2")(pointer);
    }
}

static void array_sizes(void) {
    typedef CUresult (*Create)(CUarray*, const ArrayDescription*);
    typedef CUresult (*Destroy)(CUarray);
    static const size_t kSides[] = {1, 64, 1024, 4096};
    for (size_t i = 0; i < sizeof kSides / sizeof *kSides; ++i) {
        const ArrayDescription description = {kSides[i], kSides[i], kFloat, 1};
        CUarray array;
        const size_t before = free_bytes();
        if (CALL(Create, "cuArrayCreate_v2")(&array, &description) != kSuccess) continue;
        printf("device memory taken for an array that holds %zu bytes\t%zu\n",
               4 * kSides[i] * kSides[i], before - free_bytes());
        CALL(Destroy, "cuArrayDestroy")(array);
    }
}

static void capture(void) {
    CUstream stream;
    CUgraph graph = NULL;
    CUdeviceptr pointer = 0;
    typedef CUresult (*Create)(CUstream*, unsigned);
    typedef CUresult (*Begin)(CUstream, int);
    typedef CUresult (*End)(CUstream, CUgraph*);
    enum { kNonBlocking = 1, kThreadLocal = 1 };
    const CUresult made = CALL(Create, "cuStreamCreate")(&stream, kNonBlocking);
    const CUresult begun = CALL(Begin, "cuStreamBeginCapture_v2")(stream, kThreadLocal);
    const CUresult taken = CALL(AllocAsync, "cuMemAllocAsync")(&pointer, 4096, stream);
    const CUresult given = CALL(FreeAsync, "cuMemFreeAsync")(pointer, stream);
    const CUresult ended = CALL(End, "cuStreamEndCapture")(stream, &graph);
    printf("allocation while a stream is captured\tresults %d %d %d %d %d\n", made, begun, taken,
           given, ended);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void* empty_kernel(void) {
    static const char kCode[] =
        ".version 6.0\n.target sm_50\n.address_size 64\n.visible .entry nothing() { ret; }\n";
    typedef CUresult (*Load)(void**, const void*);
    typedef CUresult (*GetFunction)(void**, void*, const char*);
    void *module, *function;
    if (CALL(Load, "cuModuleLoadData")(&module, kCode) != kSuccess) return NULL;
    if (CALL(GetFunction, "cuModuleGetFunction")(&function, module, "nothing") != kSuccess)
        return NULL;
    return function;
}

// The least of several rounds: what else goes on only adds to it.
static void times(void) {
    enum { kRounds = 20, kCalls = 500 };
    const Alloc alloc = CALL(Alloc, "cuMemAlloc_v2");
    const Free release = CALL(Free, "cuMemFree_v2");
    const AllocAsync alloc_async = CALL(AllocAsync, "cuMemAllocAsync");
    const FreeAsync release_async = CALL(FreeAsync, "cuMemFreeAsync");
    const Launch launch = CALL(Launch, "cuLaunchKernel");
    typedef CUresult (*Synchronize)(void);
    const Synchronize synchronize = CALL(Synchronize, "cuCtxSynchronize");
    void* kernel = empty_kernel();
    double best[3] = {1e18, 1e18, 1e18};
    for (int round = 0; round < kRounds; ++round) {
        CUdeviceptr pointer;
        double begin = now();
        for (int i = 0; i < kCalls; ++i)
            if (alloc(&pointer, 1 << 20) != kSuccess || release(pointer) != kSuccess) exit(1);
        double each = (now() - begin) / kCalls;
        if (each < best[0]) best[0] = each;
        begin = now();
        for (int i = 0; i < kCalls; ++i)
            if (alloc_async(&pointer, 1 << 20, NULL) != kSuccess ||
                release_async(pointer, NULL) != kSuccess)
                exit(1);
        each = (now() - begin) / kCalls;
        if (each < best[1]) best[1] = each;
        synchronize();
        begin = now();
        for (int i = 0; i < kCalls && kernel != NULL; ++i)
            if (launch(kernel, 1, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL) != kSuccess) exit(1);
        each = (now() - begin) / kCalls;
        if (each < best[2]) best[2] = each;
        synchronize();
    }
    printf("ns for cuMemAlloc and cuMemFree of 1 MiB\t%.0f\n", best[0]);
    printf("ns for cuMemAllocAsync and cuMemFreeAsync of 1 MiB\t%.0f\n", best[1]);
    printf("ns for the launch of an empty kernel\t%.0f\n", kernel == NULL ? 0 : best[2]);
}

int main(void) {
    library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library == NULL) {
        printf("missing\tlibcuda.so.1\n");
        return 1;
    }
    get = (GetProcAddress)find("cuGetProcAddress_v2");
    typedef CUresult (*Init)(unsigned);
    typedef CUresult (*Retain)(CUcontext*, CUdevice);
    typedef CUresult (*SetCurrent)(CUcontext);
    CUcontext context;
    if (CALL(Init, "cuInit")(0) != kSuccess ||
        CALL(Retain, "cuDevicePrimaryCtxRetain")(&context, 0) != kSuccess ||
        CALL(SetCurrent, "cuCtxSetCurrent")(context) != kSuccess) {
        printf("missing\ta device that can be used\n");
        return 1;
    }
    pointers();
    sizes();
    array_sizes();
    capture();
    times();
    return 0;
}
