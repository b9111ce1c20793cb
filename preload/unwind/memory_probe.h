// Whether memory can be read, asked of the kernel, so that a wrong guess costs no fault.
#pragma once

#include <cstdint>

namespace heapdrift {

inline constexpr uint64_t kProbePageSize = 4096;

constexpr uint64_t page_of(uint64_t address) {
    return address & ~(kProbePageSize - 1);
}

// True only if the page that holds `address` is mapped and readable. False also where the kernel
// gives no usable answer (a seccomp filter, an emulator): memory is then left unread.
bool page_is_readable(uint64_t address);

// The same for a page of a module that is loaded: the kernel is asked once, until a module is
// unloaded. Whoever notices that calls forget_module_pages.
bool module_page_is_readable(uint64_t address);
void forget_module_pages();

// page_is_readable for every page that [begin, end) touches.
bool range_is_readable(uint64_t begin, uint64_t end);

}  // namespace heapdrift
