// cuGetProcAddress: the door inside the driver, through which the CUDA runtime takes nearly all of
// its functions. The driver answers first; an answer that we stand in for is replaced.
#include "preload/cuda/forward.h"
#include "preload/elf_symbols.h"
#include "preload/lifecycle.h"
#include "preload/recorder.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

// Of a version newer than the table the parameters are known to be the same only where the driver
// answers with the very function that it exports under our name.
bool is_known(Entry entry, int version, const void* real) {
    if (version <= kKnownVersion) return true;
    const link_map* module = module_of(real);
    return module != nullptr && find_defined(*module, entry_point(entry).symbol) == real;
}

void replace(Result result, const char* name, void** function, int version, uint64_t flags) {
    if (result != kSuccess || name == nullptr || function == nullptr || *function == nullptr)
        return;
    const Entry entry = find_versioned(name, version, flags);
    // The driver may have looked the name up by dlsym, and found us.
    if (entry == Entry::count || entry_of_hook(*function) != Entry::count) return;
    if (!is_known(entry, version, *function)) {
        if (active())
            recorder.file.header().cuda.unknown_functions.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (lead_through(entry, *function)) *function = hook_of(entry);
}

}  // namespace

HEAPDRIFT_EXPORT Result cuGetProcAddress(const char* name, void** function, int version,
                                         uint64_t flags) {
    const StartState caller = start_state_of_caller();
    const Result result = forward<Entry::cuGetProcAddress>(name, function, version, flags);
    if (!is_driver(reinterpret_cast<const void*>(caller.pc)))
        replace(result, name, function, version, flags);
    return result;
}

HEAPDRIFT_EXPORT Result cuGetProcAddress_v2(const char* name, void** function, int version,
                                            uint64_t flags, int* status) {
    const StartState caller = start_state_of_caller();
    const Result result =
        forward<Entry::cuGetProcAddress_v2>(name, function, version, flags, status);
    if (!is_driver(reinterpret_cast<const void*>(caller.pc)))
        replace(result, name, function, version, flags);
    return result;
}
