#include "preload/cuda/driver_library.h"

#include <dlfcn.h>
#include <link.h>

#include "preload/elf_symbols.h"
#include "preload/lifecycle.h"
#include "preload/next_loader.h"
#include "preload/recorder.h"
#include "preload/text.h"
#include "preload/thread_local.h"

namespace heapdrift::cuda {
namespace {

constexpr const char* kLibrary = "libcuda.so.1";

// The modules that asked, by their load address.
constexpr uint32_t kMostModules = 64;
constinit std::atomic<uint64_t> modules[kMostModules] = {};

// Asks the loader in our own name, for what lies behind us, and, as a program may have loaded the
// driver for itself alone, in the driver.
void* look_up(const char* symbol) {
    const BusyScope asking(Busy::asking);
    if (void* found = heapdrift_next_dlsym(RTLD_NEXT, symbol)) return found;
    void* library = dlopen(kLibrary, RTLD_LAZY | RTLD_NOLOAD);
    if (library == nullptr) return nullptr;
    void* found = heapdrift_next_dlsym(library, symbol);
    dlclose(library);
    return found;
}

bool of_driver(const char* name) {
    return find_symbol(name) != Entry::count || text_equal(name, "cuInit") ||
           text_equal(name, "cuDriverGetVersion") || text_equal(name, "cuGetExportTable");
}

// Another module may lie where the driver was. (A driver need not export what it gives out.)
bool still_there(Entry entry, const void* real) {
    const link_map* module = module_of(real);
    return module != nullptr && (find_defined(*module, "cuInit") != nullptr ||
                                 find_defined(*module, entry_point(entry).symbol) != nullptr);
}

void forget_unloaded() {
    bool any = false;
    for (size_t i = 0; i < kEntries; ++i) {
        const void* real = real_functions[i].load(std::memory_order_relaxed);
        if (real == nullptr || still_there(static_cast<Entry>(i), real)) continue;
        real_functions[i].store(nullptr, std::memory_order_relaxed);
        any = true;
    }
    if (any) driver_generation.fetch_add(1, std::memory_order_relaxed);
}

// A module that is in the list is missed there when it is unloaded.
void watch_driver(const void* real) {
    if (!is_recording()) return;
    const BusyScope recording(Busy::recording);
    recorder.modules.find(reinterpret_cast<uint64_t>(real));
}

// Who is bound to our hooks by the loader asks nobody after the driver was loaded anew.
void look_for_unloads() {
    static constinit std::atomic<uint32_t> unloads{0};
    const uint32_t present = recorder.modules.generation();
    if (present == unloads.load(std::memory_order_relaxed)) return;
    unloads.store(present, std::memory_order_relaxed);
    forget_unloaded();
}

}  // namespace

bool is_driver(const void* address) {
    const link_map* module = module_of(address);
    if (module == nullptr || module->l_name == nullptr) return false;
    return text_starts(base_name(module->l_name), "libcuda.so");
}

bool lead_through(Entry entry, void* real) {
    std::atomic<void*>& known = real_functions[static_cast<size_t>(entry)];
    void* before = nullptr;
    if (known.compare_exchange_strong(before, real, std::memory_order_relaxed)) {
        watch_driver(real);
        return true;
    }
    if (before == real) return true;
    if (still_there(entry, before)) return module_of(before) == module_of(real);
    forget_unloaded();
    known.store(real, std::memory_order_relaxed);
    watch_driver(real);
    return true;
}

void* find_real(Entry entry) {
    look_for_unloads();
    std::atomic<void*>& known = real_functions[static_cast<size_t>(entry)];
    if (void* real = known.load(std::memory_order_relaxed)) return real;
    void* found = look_up(entry_point(entry).symbol);
    if (found == nullptr || !lead_through(entry, found)) return nullptr;
    return known.load(std::memory_order_relaxed);
}

void* find_loaded(Entry entry) {
    const void* real = real_functions[static_cast<size_t>(entry)].load(std::memory_order_relaxed);
    if (real != nullptr && !still_there(entry, real)) forget_unloaded();
    return find_real(entry);
}

void* find_driver_function(const char* symbol) {
    // The driver is where a real function is known to be.
    for (const std::atomic<void*>& real : real_functions)
        if (void* function = real.load(std::memory_order_relaxed))
            if (const link_map* module = module_of(function))
                if (void* found = find_defined(*module, symbol)) return found;
    return look_up(symbol);
}

void note_driver_seen() {
    if (is_recording()) recorder.file.header().cuda.driver_seen.store(1, std::memory_order_relaxed);
}

void note_request(const char* name, const void* caller) {
    if (!of_driver(name) || is_driver(caller) || !is_recording()) return;
    note_driver_seen();
    note_module(caller);
}

void note_module(const void* address_in_module) {
    const link_map* module = module_of(address_in_module);
    if (module == nullptr) return;
    const auto address = reinterpret_cast<uint64_t>(module);
    for (std::atomic<uint64_t>& each : modules) {
        uint64_t known = 0;
        if (each.compare_exchange_strong(known, address, std::memory_order_relaxed)) {
            recorder.file.header().cuda.modules_through.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        if (known == address) return;
    }
}

void forget_requests() {
    for (std::atomic<uint64_t>& each : modules) {
        if (each.load(std::memory_order_relaxed) == 0) return;
        each.store(0, std::memory_order_relaxed);
    }
}

}  // namespace heapdrift::cuda
