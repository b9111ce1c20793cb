// The driver's functions that we stand in for: their names, our hooks, and the real ones, which are
// learned when somebody asks for them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "preload/cuda/driver_types.h"

namespace heapdrift::cuda {

enum class Entry : uint32_t {
#define HEAPDRIFT_CUDA_FUNCTION(symbol, name, version, stream, parameters) symbol,
#include "preload/cuda/entry_points.def"
#undef HEAPDRIFT_CUDA_FUNCTION
    count
};
inline constexpr size_t kEntries = static_cast<size_t>(Entry::count);

// The newest driver API that the table was made from. Of a function asked for as of a later
// version nothing is known: it may have other parameters.
inline constexpr int kKnownVersion = 13000;

struct EntryPoint {
    const char* symbol;
    const char* name;
    int version;
    bool per_thread;
};
const EntryPoint& entry_point(Entry entry);

// By the exact symbol; Entry::count for none.
Entry find_symbol(const char* symbol);
// What cuGetProcAddress stands for; Entry::count for none of ours.
Entry find_versioned(const char* name, int version, uint64_t flags);

// Our hook.
void* hook_of(Entry entry);
Entry entry_of_hook(const void* function);

// The real function, 0 until it is known. It stays the first that was found: a second one of the
// same driver does the same.
inline constinit std::atomic<void*> real_functions[kEntries] = {};

// How often a driver took the place of one that was unloaded: then what was looked up there is
// gone.
inline constinit std::atomic<uint32_t> driver_generation{0};

}  // namespace heapdrift::cuda
