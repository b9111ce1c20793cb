#include "preload/vdso_clock.h"

#include <elf.h>
#include <sys/auxv.h>
#include <time.h>

#include <atomic>

#include "preload/syscalls.h"
#include "preload/text.h"

namespace heapdrift {
namespace {

using Clock = int (*)(clockid_t, timespec*);

int system_clock(clockid_t clock, timespec* time) {
    return static_cast<int>(sys::call(SYS_clock_gettime, clock, sys::address(time)));
}

// The vdso is a small shared object that the kernel maps; its dynamic symbols are few.
Clock find_clock() {
    const uint64_t base = getauxval(AT_SYSINFO_EHDR);
    if (base == 0) return system_clock;
    const auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
    const auto* segments = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
    uint64_t bias = 0;
    const Elf64_Dyn* dynamic = nullptr;
    for (uint32_t i = 0; i < header->e_phnum; ++i) {
        if (segments[i].p_type == PT_LOAD && segments[i].p_offset == 0)
            bias = base - segments[i].p_vaddr;
        if (segments[i].p_type == PT_DYNAMIC)
            dynamic = reinterpret_cast<const Elf64_Dyn*>(base + segments[i].p_offset);
    }
    const Elf64_Sym* symbols = nullptr;
    const char* names = nullptr;
    const uint32_t* hash = nullptr;  // its second word is the number of symbols
    for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
        const uint64_t address = bias + dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const Elf64_Sym*>(address);
        if (dynamic->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(address);
        if (dynamic->d_tag == DT_HASH) hash = reinterpret_cast<const uint32_t*>(address);
    }
    if (symbols == nullptr || names == nullptr || hash == nullptr) return system_clock;
    for (uint32_t i = 0; i < hash[1]; ++i)
        if (text_equal(names + symbols[i].st_name, "__vdso_clock_gettime"))
            return reinterpret_cast<Clock>(bias + symbols[i].st_value);
    return system_clock;
}

// Relaxed: every thread that finds it empty comes to the same answer.
constinit std::atomic<Clock> clock_function{nullptr};

uint64_t read_clock(clockid_t id) {
    Clock function = clock_function.load(std::memory_order_relaxed);
    if (function == nullptr) {
        function = find_clock();
        clock_function.store(function, std::memory_order_relaxed);
    }
    timespec time{};
    function(id, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u +
           static_cast<uint64_t>(time.tv_nsec);
}

// The time at which CLOCK_MONOTONIC was frozen; 0 while it runs.
constinit std::atomic<uint64_t> frozen_at{0};

}  // namespace

uint64_t monotonic_ns() {
    const uint64_t frozen = frozen_at.load(std::memory_order_relaxed);
    return frozen != 0 ? frozen : read_clock(CLOCK_MONOTONIC);
}

uint64_t realtime_ns() {
    return read_clock(CLOCK_REALTIME);
}

uint64_t monotonic_coarse_ns() {
    const uint64_t frozen = frozen_at.load(std::memory_order_relaxed);
    return frozen != 0 ? frozen : read_clock(CLOCK_MONOTONIC_COARSE);
}

void set_clocks_frozen(bool frozen) {
    frozen_at.store(frozen ? read_clock(CLOCK_MONOTONIC) : 0, std::memory_order_relaxed);
}

}  // namespace heapdrift
