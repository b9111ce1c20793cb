#include "preload/cuda/entry_points.h"
#include "preload/cuda/hooks.h"

namespace heapdrift::cuda {
namespace {

void* const kHooks[kEntries] = {
#define HEAPDRIFT_CUDA_FUNCTION(symbol, name, version, stream, parameters) \
    reinterpret_cast<void*>(&::symbol),
#include "preload/cuda/entry_points.def"
#undef HEAPDRIFT_CUDA_FUNCTION
};

}  // namespace

void* hook_of(Entry entry) {
    return kHooks[static_cast<size_t>(entry)];
}

Entry entry_of_hook(const void* function) {
    for (size_t i = 0; i < kEntries; ++i)
        if (kHooks[i] == function) return static_cast<Entry>(i);
    return Entry::count;
}

}  // namespace heapdrift::cuda
