#define UNW_LOCAL_ONLY
#include "tests/unit/unwind/capture.h"

#include <dlfcn.h>
#include <libunwind.h>

#include <algorithm>
#include <sstream>

namespace heapdrift {

Capture captured;

namespace {

thread_local StackBounds thread_bounds;

// Stops before a frame without an address: libunwind reports some entry points so.
void capture_reference(Capture& into, unw_context_t& context) {
    // It remembers rules by address alone. One address has two where a call that does not return
    // ends a function: it is that call's return address and the next function's first instruction,
    // at which a signal may strike. And it does not notice that a module was unloaded.
    unw_set_caching_policy(unw_local_addr_space, UNW_CACHE_NONE);
    unw_cursor_t cursor;
    into.reference_count = 0;
    if (unw_init_local(&cursor, &context) != 0) return;
    while (into.reference_count < Capture::kLimit && unw_step(&cursor) > 0) {
        unw_word_t address = 0;
        if (unw_get_reg(&cursor, UNW_REG_IP, &address) != 0 || address == 0) return;
        into.reference[into.reference_count++] = address;
    }
}

void describe(std::ostringstream& out, uint64_t address) {
    Dl_info info{};
    out << std::hex << address;
    if (dladdr(reinterpret_cast<void*>(address), &info) != 0) {
        out << ' ' << (info.dli_sname != nullptr ? info.dli_sname : "?") << " (" << info.dli_fname
            << "+" << address - reinterpret_cast<uint64_t>(info.dli_fbase) << ')';
    }
}

}  // namespace

void capture_walk_only(Capture& into) {
    into.count =
        walk(start_state_of_caller(), thread_bounds, into.frames, Capture::kLimit, into.end);
}

void capture(Capture& into) {
    into.count =
        walk(start_state_of_caller(), thread_bounds, into.frames, Capture::kLimit, into.end);
    unw_context_t context;
    unw_getcontext(&context);
    capture_reference(into, context);
}

bool Capture::begins_like_reference() const {
    const uint32_t shorter = std::min(count, reference_count);
    for (uint32_t i = 0; i < shorter; ++i)
        if (frames[i].address != reference[i]) return false;
    return count <= reference_count;
}

bool Capture::same_as_reference() const {
    return count == reference_count && begins_like_reference();
}

std::string Capture::text() const {
    std::ostringstream out;
    out << count << " frames, " << stack_end_name(end) << "; reference " << reference_count << '\n';
    for (uint32_t i = 0; i < std::max(count, reference_count) && i < 60; ++i) {
        out << "  " << std::dec << i << ": ";
        if (i < count) describe(out, frames[i].address);
        const bool differs =
            i >= count || i >= reference_count || frames[i].address != reference[i];
        if (differs) {
            out << "\n     instead of: ";
            if (i < reference_count) describe(out, reference[i]);
        }
        out << '\n';
    }
    return out.str();
}

}  // namespace heapdrift
