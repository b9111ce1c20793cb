#include "preload/cuda/bypass_check.h"

#include <sys/single_threaded.h>

#include "preload/cuda/doors.h"
#include "preload/cuda/driver_library.h"
#include "preload/elf_symbols.h"
#include "preload/loaded_modules.h"
#include "preload/recorder.h"
#include "preload/syscalls.h"
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

constexpr char kDriverFile[] = "/libcuda.so";

// Asks the kernel and not the loader, whose lock a thread may hold that waits for this one: a
// program without a driver must end as it would without us.
bool driver_is_mapped() {
    constexpr size_t kOverlap = sizeof(kDriverFile) - 2;
    char text[4096];
    const int fd = sys::open("/proc/self/maps", O_RDONLY);
    if (fd < 0) return false;
    bool found = false;
    size_t held = 0;
    for (long got; !found && (got = sys::read(fd, text + held, sizeof(text) - 1 - held)) > 0;) {
        held += static_cast<size_t>(got);
        text[held] = '\0';
        found = text_contains(text, kDriverFile);
        // The name may lie across two pieces.
        const size_t kept = held < kOverlap ? held : kOverlap;
        __builtin_memmove(text, text + held - kept, kept);
        held = kept;
    }
    sys::close(fd);
    return found;
}

// Most processes have never had a second thread, and many end within a millisecond: their loader's
// lock is free or their own.
bool driver_is_loaded() {
    if (!__libc_single_threaded) return driver_is_mapped();
    bool found = false;
    const BusyScope asking(Busy::asking);
    for_each_module(
        [&](const link_map& module) { found |= text_contains(module.l_name, kDriverFile); });
    return found;
}

// Those who go past us need not leave a trace of it.
bool driver_in_process() {
    return recorder.file.header().cuda.driver_seen.load(std::memory_order_relaxed) != 0 ||
           driver_is_loaded();
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
