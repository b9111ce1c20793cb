#include "preload/cuda/module_patch.h"

#include <dlfcn.h>

#include "preload/cuda/doors.h"
#include "preload/cuda/driver_library.h"
#include "preload/elf_symbols.h"
#include "preload/loaded_modules.h"
#include "preload/next_loader.h"
#include "preload/page_memory.h"
#include "preload/thread_local.h"

namespace heapdrift::cuda {
namespace {

const link_map& first_of_namespace(const link_map& module) {
    const link_map* first = &module;
    while (first->l_prev != nullptr) first = first->l_prev;
    return *first;
}

bool in_our_namespace(const link_map& module) {
    const link_map* ours = module_of(reinterpret_cast<const void*>(&in_our_namespace));
    return ours != nullptr && &first_of_namespace(module) == &first_of_namespace(*ours);
}

// What the loader would bind the symbol to at the first call.
void* driver_function(const link_map& module, const char* symbol) {
    for (const link_map* each = &first_of_namespace(module); each != nullptr; each = each->l_next)
        if (is_driver(each->l_ld)) return find_defined(*each, symbol);
    return nullptr;
}

class ModulePatch {
public:
    // Where another library's dlsym stands before ours, modules may be meant to find that one.
    ModulePatch(const link_map& module, bool ours_is_first)
        : module_(module),
          bindings_(module),
          leave_unresolved_(!ours_is_first && in_our_namespace(module)) {}

    void apply() {
        bindings_.for_each("dl", [this](const Binding& binding) { lead_to_door(binding); });
        bindings_.for_each("cu", [this](const Binding& binding) { lead_to_hook(binding); });
    }

private:
    void lead_to_door(const Binding& binding) {
        void* const ours = door(binding.name);
        if (ours == nullptr || *binding.place == ours) return;
        if (bindings_.resolved(binding) ? !is_libc(*binding.place) : leave_unresolved_) return;
        bind(module_, binding, ours);
    }

    void lead_to_hook(const Binding& binding) {
        const Entry entry = find_symbol(binding.name);
        if (entry == Entry::count || *binding.place == hook_of(entry)) return;
        void* const real = bindings_.resolved(binding) ? *binding.place
                           : leave_unresolved_         ? nullptr
                                                       : driver_function(module_, binding.name);
        if (!is_driver(real) || !lead_through(entry, real)) return;
        if (bind(module_, binding, hook_of(entry))) note_module(module_.l_ld);
    }

    static bool is_libc(const void* function) {
        const link_map* module = module_of(function);
        return module != nullptr && find_defined(*module, "gnu_get_libc_version") != nullptr;
    }

    const link_map& module_;
    const ModuleBindings bindings_;
    const bool leave_unresolved_;
};

constinit std::atomic<bool> ours_is_first{false};
constinit std::atomic<bool> asked{false};

}  // namespace

void patch_new_modules() {
    if (memory_confined()) return;
    const BusyScope asking(Busy::asking);
    if (!asked.exchange(true))
        ours_is_first = heapdrift_next_dlsym(RTLD_DEFAULT, "dlsym") == door("dlsym");
    // Guarded by the loader's lock.
    static unsigned long long adds = 0;
    for_each_module(
        [](const link_map& module) {
            if (is_driver(module.l_ld) ||
                &module == module_of(reinterpret_cast<const void*>(&patch_new_modules)))
                return;
            ModulePatch(module, ours_is_first).apply();
        },
        &adds);
}

}  // namespace heapdrift::cuda
