#include "preload/torch/torch_library.h"

#include <link.h>

#include <atomic>

#include "preload/elf_symbols.h"
#include "preload/thread_local.h"

namespace heapdrift::torch {
namespace {

constinit std::atomic<void*> known[static_cast<size_t>(Function::count)] = {};

struct Search {
    const char* symbol;
    const link_map* ours;
    void* found;
};

int look_in(dl_phdr_info* info, size_t, void* data) {
    auto& search = *static_cast<Search*>(data);
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
        const auto* dynamic =
            reinterpret_cast<const void*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        const link_map* module = module_of(dynamic);
        if (module != nullptr && module != search.ours)
            search.found = find_defined(*module, search.symbol);
    }
    return search.found != nullptr;
}

}  // namespace

// Python loads PyTorch for itself alone, where dlsym(RTLD_NEXT) does not look. Not by dlopen
// either, whose lock somebody may hold who waits for the allocator that is calling us.
void* find_real(Function function) {
    std::atomic<void*>& real = known[static_cast<size_t>(function)];
    void* before = real.load(std::memory_order_relaxed);
    // It may have been unloaded, and loaded again elsewhere; and another module lie here.
    const link_map* module = before != nullptr ? module_of(before) : nullptr;
    if (module != nullptr && find_defined(*module, symbol_of(function)) == before) return before;
    Search search{symbol_of(function), module_of(reinterpret_cast<void*>(&look_in)), nullptr};
    {
        const BusyScope internal(Busy::internal);
        dl_iterate_phdr(look_in, &search);
    }
    real.store(search.found, std::memory_order_relaxed);
    return search.found;
}

}  // namespace heapdrift::torch
