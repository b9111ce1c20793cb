#include "preload/cuda/bypass_check.h"

#include "preload/cuda/doors.h"
#include "preload/cuda/driver_library.h"
#include "preload/elf_symbols.h"
#include "preload/loaded_modules.h"
#include "preload/recorder.h"
#include "preload/text.h"
#include "preload/thread_local.h"
#include "preload/unwind/memory_probe.h"
#include "preload/unwind/module_image.h"

namespace heapdrift::cuda {
namespace {

// Whether a constant of the module names the driver's library.
bool names_driver(const link_map& module) {
    constexpr char kName[] = "libcuda.so";
    ModuleImage image;
    if (!find_module_image(reinterpret_cast<uint64_t>(module.l_ld), image)) return false;
    for (uint32_t i = 0; i < image.segment_count; ++i) {
        const MemoryRange& segment = image.segments[i];
        // The program may have taken its right to read what lies there.
        if (segment.end - segment.begin < sizeof(kName) ||
            !range_is_readable(segment.begin, segment.end))
            continue;
        const auto* end = reinterpret_cast<const char*>(segment.end - sizeof(kName));
        for (const auto* at = reinterpret_cast<const char*>(segment.begin); at <= end; ++at)
            if (*at == kName[0] && __builtin_memcmp(at, kName, sizeof(kName) - 1) == 0) return true;
    }
    return false;
}

void check_module(const link_map& module, uint32_t& around) {
    if (is_driver(module.l_ld)) return;
    if (&module == module_of(reinterpret_cast<const void*>(&check_module))) return;
    const ModuleBindings bindings(module);
    bool to_us = false;
    bool past_us = false;
    bool other_dlsym = false;
    bindings.for_each("cu", [&](const Binding& binding) {
        const Entry entry = find_symbol(binding.name);
        if (entry == Entry::count || !bindings.resolved(binding)) return;
        (*binding.place == hook_of(entry) ? to_us : past_us) = true;
    });
    bindings.for_each("dl", [&](const Binding& binding) {
        other_dlsym |= text_equal(binding.name, "dlsym") && bindings.resolved(binding) &&
                       *binding.place != door("dlsym");
    });
    if (past_us || (other_dlsym && names_driver(module)))
        ++around;
    else if (to_us)
        note_module(module.l_ld);
}

// Those who go past us need not leave a trace of it.
bool driver_in_process() {
    if (recorder.file.header().cuda.driver_seen.load(std::memory_order_relaxed) != 0) return true;
    bool found = false;
    for_each_module([&](const link_map& module) { found = found || is_driver(module.l_ld); });
    return found;
}

}  // namespace

void check_for_bypass() {
    CudaFigures& figures = recorder.file.header().cuda;
    if (figures.modules_checked.load(std::memory_order_relaxed) != 0) return;
    // A fork child cannot use CUDA, and a thread that it does not have may hold the loader's lock.
    if (recorder.file.header().identity.forked != 0 || !driver_in_process()) return;
    note_driver_seen();
    uint32_t around = 0;
    {
        const BusyScope asking(Busy::asking);
        for_each_module([&](const link_map& module) { check_module(module, around); });
    }
    figures.modules_around.store(around, std::memory_order_relaxed);
    figures.modules_checked.store(1, std::memory_order_relaxed);
}

}  // namespace heapdrift::cuda
