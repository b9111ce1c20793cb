// Loads plugins from the executable's own directory and allocates through them.
//   after_dlclose  blocks that outlive their plugin
//   alternate      two plugins in turns, at the same address where the loader allows it
//   deepbind       RTLD_DEEPBIND: the plugin looks into its own scope first
//   local_cpp      a C++ plugin with RTLD_LOCAL in a program without libstdc++
//   dlmopen        a plugin in a name space of its own, with a libc of its own
//   many N         the same plugin N times over
//   stopped        one loaded while nothing is recorded, then another one at its address
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>

#include "preload/heapdrift.h"
#include "truth.h"

typedef void* (*Work)(size_t);

static char directory[PATH_MAX];

static const char* path_of(const char* file) {
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    return path;
}

static void* load(const char* file, int flags) {
    void* library = dlopen(path_of(file), flags);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    REQUIRE(library != NULL);
    return library;
}

static uintptr_t address_of(void* library) {
    struct link_map* map = NULL;
    REQUIRE(dlinfo(library, RTLD_DI_LINKMAP, &map) == 0);
    return map->l_addr;
}

static void* use(const char* file, int flags, int calls, size_t size, uintptr_t* address) {
    void* library = load(file, flags);
    if (address != NULL) *address = address_of(library);
    const Work work = (Work)dlsym(library, "plugin_work");
    REQUIRE(work != NULL);
    for (int i = 0; i < calls; ++i) REQUIRE(work(size) != NULL);
    return library;
}

static void after_dlclose(void) {
    REQUIRE(dlclose(use("victim_plugin_red.so", RTLD_NOW, 6, 120, NULL)) == 0);
    REQUIRE(dlopen(path_of("victim_plugin_red.so"), RTLD_NOW | RTLD_NOLOAD) == NULL);
    expect("constructor_of_red", 2, 50, 1, 25);
    expect("work_of_red", 6, 720, 0, 720);
}

static void alternate(void) {
    const char* files[2] = {"victim_plugin_red.so", "victim_plugin_tea.so"};
    uintptr_t before = 0;
    int reused = 0;
    for (int i = 0; i < 40; ++i) {
        uintptr_t address = 0;
        void* library = use(files[i % 2], RTLD_NOW, 1 + i % 2, 64, &address);
        reused += address == before;
        before = address;
        REQUIRE(dlclose(library) == 0);
    }
    // Otherwise this victim shows nothing.
    REQUIRE(reused > 0);
    expect("constructor_of_red", 40, 1000, 20, 500);
    expect("constructor_of_tea", 40, 1000, 20, 500);
    expect("work_of_red", 20, 20 * 64, 0, 20 * 64);
    expect("work_of_tea", 40, 40 * 64, 0, 40 * 64);
}

static void deepbind(void) {
    use("victim_plugin_tea.so", RTLD_NOW | RTLD_DEEPBIND, 4, 80, NULL);
    // Its malloc may be libc's own: what must hold is that blocks can cross the border.
    void* library = load("victim_plugin_red.so", RTLD_NOW | RTLD_DEEPBIND);
    const Work work = (Work)dlsym(library, "plugin_work");
    for (int i = 0; i < 100; ++i) free(realloc(work(30), 60));
}

static void local_cpp(void) {
    REQUIRE(dlsym(RTLD_DEFAULT, "__cxa_throw") == NULL);
    void* library = load("victim_cpp_plugin.so", RTLD_NOW | RTLD_LOCAL);
    void (*work)(void) = (void (*)(void))dlsym(library, "cpp_plugin_work");
    REQUIRE(work != NULL);
    work();
    expect_through("cpp_plugin_7x33", 8, 264, 1, 231);
}

static void in_name_space(void) {
    void* library = dlmopen(LM_ID_NEWLM, path_of("victim_plugin_red.so"), RTLD_NOW);
    REQUIRE(library != NULL);
    const Work work = (Work)dlsym(library, "plugin_work");
    for (int i = 0; i < 10; ++i) REQUIRE(work(70) != NULL);
    REQUIRE(dlclose(library) == 0);
}

static void many(int times) {
    REQUIRE(times > 0);
    for (int i = 0; i < times; ++i)
        REQUIRE(dlclose(use("victim_plugin_tea.so", RTLD_LAZY, 1, 10, NULL)) == 0);
    expect("constructor_of_tea", 2 * times, 50 * times, times, 25 * times);
    expect("work_of_tea", times, 10 * times, 0, 10 * times);
}

static void stopped(void) {
    int reused = 0;
    for (int i = 0; i < 20; ++i) {
        if (heapdrift_stop) heapdrift_stop();
        void* red = load("victim_plugin_red.so", RTLD_NOW);
        if (heapdrift_start) heapdrift_start();
        const uintptr_t before = address_of(red);
        const Work work = (Work)dlsym(red, "plugin_work");
        for (int j = 0; j < 6; ++j) REQUIRE(work(120) != NULL);
        REQUIRE(dlclose(red) == 0);
        uintptr_t address = 0;
        REQUIRE(dlclose(use("victim_plugin_tea.so", RTLD_NOW, 4, 80, &address)) == 0);
        reused += address == before;
    }
    // Otherwise this victim shows nothing.
    REQUIRE(reused > 0);
    expect("constructor_of_red", 0, 0, 0, 0);
    expect("work_of_red", 120, 120 * 120, 0, 120 * 120);
    expect("constructor_of_tea", 40, 1000, 20, 500);
    expect("work_of_tea", 80, 80 * 80, 0, 80 * 80);
}

MARKER void host_allocates_3x66(void) {
    for (int i = 0; i < 3; ++i) keep(malloc(66));
    expect("host_allocates_3x66", 3, 198, 0, 198);
}

int main(int argc, char** argv) {
    const ssize_t size = readlink("/proc/self/exe", directory, sizeof directory - 1);
    REQUIRE(size > 0);
    dirname(directory);
    const char* mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "after_dlclose") == 0) after_dlclose();
    if (strcmp(mode, "alternate") == 0) alternate();
    if (strcmp(mode, "deepbind") == 0) deepbind();
    if (strcmp(mode, "local_cpp") == 0) local_cpp();
    if (strcmp(mode, "dlmopen") == 0) in_name_space();
    if (strcmp(mode, "many") == 0) many(argc > 2 ? atoi(argv[2]) : 200);
    if (strcmp(mode, "stopped") == 0) stopped();
    host_allocates_3x66();
    tell_truth();
    return 0;
}
