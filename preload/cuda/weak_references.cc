// A module that does without CUDA may ask by a weak reference whether there is any: "if
// (cuMemAlloc_v2) …". It would find our hook where no driver is. The loader has bound all modules
// before any of our code runs; so what it would have left empty without us is emptied here, before
// main. A module that is loaded later keeps our hooks, whose answer is then that the driver's
// library is missing.
#include "preload/cuda/entry_points.h"
#include "preload/elf_symbols.h"
#include "preload/loaded_modules.h"

namespace heapdrift::cuda {
namespace {

void empty_weak_references(const link_map& module) {
    const void* here = reinterpret_cast<const void*>(&empty_weak_references);
    if (&module == module_of(here)) return;
    ModuleBindings(module).for_each("cu", [&](const Binding& binding) {
        // What is only called keeps its answer.
        if (!binding.weak || binding.for_calls) return;
        const Entry entry = find_symbol(binding.name);
        if (entry == Entry::count || *binding.place != hook_of(entry)) return;
        if (find_defined_behind(here, binding.name) == nullptr) bind(module, binding, nullptr);
    });
}

[[gnu::constructor]] void on_load() {
    for_each_module(empty_weak_references);
}

}  // namespace
}  // namespace heapdrift::cuda
