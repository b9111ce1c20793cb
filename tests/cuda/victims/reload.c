// The driver is unloaded and loaded again at another place. Arguments: which way leads to it, and
// a plugin that the loader binds.
#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>

#include "tests/cuda/victims/cuda_driver.h"
#include "tests/victims/truth.h"

typedef CUresult (*Init)(unsigned);
typedef CUresult (*CreateContext)(CUcontext*, unsigned, CUdevice);
typedef CUresult (*Alloc)(CUdeviceptr*, size_t);

static void* driver_base(void) {
    void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    if (library == NULL) return NULL;
    void* base = (void*)((struct link_map*)library)->l_addr;
    REQUIRE(dlclose(library) == 0);
    return base;
}

MARKER void allocates(Alloc alloc) {
    CUdeviceptr pointer;
    REQUIRE(alloc(&pointer, 1000) == kSuccess);
}

static void* by_handle(void) {
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    REQUIRE(library != NULL);
    CUcontext context;
    REQUIRE(((Init)dlsym(library, "cuInit"))(0) == kSuccess);
    REQUIRE(((CreateContext)dlsym(library, "cuCtxCreate_v2"))(&context, 0, 0) == kSuccess);
    allocates((Alloc)dlsym(library, "cuMemAlloc_v2"));
    return library;
}

static void* by_plugin(const char* path) {
    void* plugin = dlopen(path, RTLD_NOW);
    REQUIRE(plugin != NULL);
    REQUIRE(((int (*)(void))dlsym(plugin, "allocate_past_everyone"))() == kSuccess);
    return plugin;
}

int main(int argc, char** argv) {
    REQUIRE(argc == 3);
    const int bound = strcmp(argv[1], "plugin") == 0;
    for (int i = 0; i < 3; ++i) {
        void* library = bound ? by_plugin(argv[2]) : by_handle();
        void* base = driver_base();
        REQUIRE(base != NULL && dlclose(library) == 0 && driver_base() == NULL);
        // Nothing as large fits there any more.
        REQUIRE(mmap(base, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                     0) == base);
    }
    expect_from("cuda_device", NULL, bound ? "allocate_past_everyone" : "allocates", 3, 3000, kAny,
                kAny);
    tell_truth();
    return 0;
}
