#include "preload/cuda/entry_points.h"

#include "preload/text.h"

namespace heapdrift::cuda {
namespace {

constexpr bool any = false;
constexpr bool per_thread = true;

constexpr EntryPoint kEntryPoints[kEntries] = {
#define HEAPDRIFT_CUDA_FUNCTION(symbol, name, version, stream, parameters) \
    {#symbol, #name, version, stream},
#include "preload/cuda/entry_points.def"
#undef HEAPDRIFT_CUDA_FUNCTION
};

}  // namespace

const EntryPoint& entry_point(Entry entry) {
    return kEntryPoints[static_cast<size_t>(entry)];
}

Entry find_symbol(const char* symbol) {
    for (size_t i = 0; i < kEntries; ++i)
        if (text_equal(kEntryPoints[i].symbol, symbol)) return static_cast<Entry>(i);
    return Entry::count;
}

Entry find_versioned(const char* name, int version, uint64_t flags) {
    const bool wants_per_thread = (flags & kPerThreadStream) != 0;
    auto best = Entry::count;
    for (size_t i = 0; i < kEntries; ++i) {
        const EntryPoint& each = kEntryPoints[i];
        if (each.version > version || !text_equal(each.name, name)) continue;
        // Lines of one name are in the order of their versions, the variant for threads behind the
        // plain one.
        if (!each.per_thread || wants_per_thread) best = static_cast<Entry>(i);
    }
    return best == Entry::count ? find_symbol(name) : best;
}

}  // namespace heapdrift::cuda
