#include "preload/unwind/memory_probe.h"

#include <errno.h>

#include <atomic>

#include "preload/page_memory.h"
#include "preload/syscalls.h"

namespace heapdrift {
namespace {

// rt_sigprocmask with a `how` that does not exist changes nothing: the kernel reads the set first
// (EFAULT if it cannot), and only then refuses (EINVAL). Nearly every seccomp filter lets it
// through, unlike process_vm_readv, and unlike msync and mincore it also tells PROT_NONE.
constexpr long kNoSuchHow = 0x7fffffff;
constexpr long kSignalSetSize = 8;

long probe(uint64_t address) {
    return sys::call(SYS_rt_sigprocmask, kNoSuchHow, static_cast<long>(address), 0, kSignalSetSize);
}

enum class Trust : uint8_t { unknown, usable, unusable };

// Emulators check `how` first and would call everything readable. Relaxed: every thread that
// finds it unknown comes to the same answer.
constinit std::atomic<Trust> trust{Trust::unknown};

bool probe_is_usable() {
    Trust known = trust.load(std::memory_order_relaxed);
    if (known == Trust::unknown) {
        // The last page below the kernel's half can never be mapped.
        constexpr uint64_t kNeverMapped = 0x7fff'ffff'f000;
        known = probe(kNeverMapped) == -EFAULT ? Trust::usable : Trust::unusable;
        trust.store(known, std::memory_order_relaxed);
    }
    return known == Trust::usable;
}

// Pages known to be readable, by a hash of their address; 0 for none. Relaxed: what a thread finds
// here is true as long as the module is loaded, and its own stack keeps it loaded.
constexpr uint32_t kModulePages = 64;
constinit std::atomic<uint64_t> module_pages[kModulePages] = {};

std::atomic<uint64_t>& module_page_entry(uint64_t page) {
    return module_pages[page * 0x9e37'79b9'7f4a'7c15 >> 58];
}
static_assert(kModulePages == 1u << (64 - 58));

}  // namespace

bool page_is_readable(uint64_t address) {
    // A program that confined itself may be killed for a call that it does not make itself.
    return !memory_confined() && probe_is_usable() && page_of(address) != 0 &&
           probe(page_of(address)) == -EINVAL;
}

bool module_page_is_readable(uint64_t address) {
    const uint64_t page = page_of(address);
    std::atomic<uint64_t>& known = module_page_entry(page);
    if (page != 0 && known.load(std::memory_order_relaxed) == page) return true;
    if (!page_is_readable(page)) return false;
    known.store(page, std::memory_order_relaxed);
    return true;
}

void forget_module_pages() {
    for (std::atomic<uint64_t>& known : module_pages) known.store(0, std::memory_order_relaxed);
}

bool range_is_readable(uint64_t begin, uint64_t end) {
    for (uint64_t page = page_of(begin); page < end; page += kProbePageSize)
        if (!page_is_readable(page)) return false;
    return begin < end;
}

}  // namespace heapdrift
