// What all hooks of the driver's functions share.
#pragma once

#include "preload/cuda/driver_library.h"
#include "preload/cuda/hooks.h"
#include "preload/cuda/recording.h"

namespace heapdrift::cuda {

template <Entry entry>
struct DeclaredOf;
#define HEAPDRIFT_CUDA_FUNCTION(symbol, name, version, stream, parameters) \
    template <>                                                            \
    struct DeclaredOf<Entry::symbol> {                                     \
        using Function = declared::symbol;                                 \
    };
#include "preload/cuda/entry_points.def"
#undef HEAPDRIFT_CUDA_FUNCTION

// Calls the real function.
template <Entry entry, typename... Arguments>
Result forward(Arguments... arguments) {
    auto* real = reinterpret_cast<typename DeclaredOf<entry>::Function*>(find_real(entry));
    return real == nullptr ? kLibraryMissing : real(arguments...);
}

// What a call has handed out; 0 when it failed.
template <typename Handle>
uint64_t handed_out(Result result, const Handle* handle) {
    if (result != kSuccess || handle == nullptr) return 0;
    if constexpr (std::is_pointer_v<Handle>)
        return reinterpret_cast<uint64_t>(*handle);
    else
        return *handle;
}

inline Object object_of(ObjectKind kind, Domain domain, uint64_t key, uint64_t size) {
    Object object;
    object.kind = kind;
    object.domain = domain;
    object.key = key;
    object.size = size;
    return object;
}

}  // namespace heapdrift::cuda
