// Our definitions of the driver's functions.
#pragma once

#include "preload/cuda/driver_types.h"
#include "preload/interpose.h"

namespace heapdrift::cuda::declared {
// Types of the real functions, which the hooks call.
#define HEAPDRIFT_CUDA_FUNCTION(symbol, name, version, stream, parameters) \
    using symbol = Result parameters;  // NOLINT(bugprone-macro-parentheses): a list of parameters
#include "preload/cuda/entry_points.def"
#undef HEAPDRIFT_CUDA_FUNCTION
}  // namespace heapdrift::cuda::declared

#define HEAPDRIFT_CUDA_FUNCTION(symbol, name, version, stream, parameters) \
    HEAPDRIFT_EXPORT heapdrift::cuda::declared::symbol symbol;
#include "preload/cuda/entry_points.def"
#undef HEAPDRIFT_CUDA_FUNCTION
