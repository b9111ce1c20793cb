// How many bytes an array holds.
#pragma once

#include "preload/cuda/driver_types.h"

namespace heapdrift::cuda {

// Of all levels together, each half as large as the one before. 0 for arrays without memory of
// their own, and for formats that are not known.
uint64_t array_size(const Array3dDescription& description, unsigned levels);

}  // namespace heapdrift::cuda
