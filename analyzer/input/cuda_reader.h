// What a session file says of CUDA besides its sites.
#pragma once

#include <optional>
#include <string>

#include "analyzer/model/cuda.h"
#include "core/session_view.h"

namespace heapdrift::input {

// Nothing where no driver was in use. The stacks of its events are read with the sites.
std::optional<model::Cuda> read_cuda(const SessionView& view);

// As nvidia-smi writes it; "" of an entry that is not in use, or a device that has none.
std::string cuda_device_uuid(const CudaDevice& device);

}  // namespace heapdrift::input
