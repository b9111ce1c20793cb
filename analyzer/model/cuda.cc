#include "analyzer/model/cuda.h"

#include <fmt/format.h>

#include <algorithm>

namespace heapdrift::model {

namespace {

struct KnownError {
    int result;
    const char* name;
};

constexpr KnownError kErrors[] = {
    {1, "CUDA_ERROR_INVALID_VALUE"},     {2, "CUDA_ERROR_OUT_OF_MEMORY"},
    {3, "CUDA_ERROR_NOT_INITIALIZED"},   {4, "CUDA_ERROR_DEINITIALIZED"},
    {201, "CUDA_ERROR_INVALID_CONTEXT"}, {400, "CUDA_ERROR_INVALID_HANDLE"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS"}, {709, "CUDA_ERROR_CONTEXT_IS_DESTROYED"},
    {719, "CUDA_ERROR_LAUNCH_FAILED"},   {800, "CUDA_ERROR_NOT_PERMITTED"},
    {801, "CUDA_ERROR_NOT_SUPPORTED"},   {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
};

}  // namespace

uint64_t CudaDeviceInfo::tracked_bytes() const {
    const uint64_t pool_used = live_bytes[cuda_index(Domain::cuda_pool)];
    const uint64_t pools = std::max(pool_used, pool_reserved_bytes.value_or(0));
    return charged_bytes - std::min(charged_bytes, pool_used) + pools +
           graph_reserved_bytes.value_or(0);
}

std::optional<uint64_t> CudaDeviceInfo::unaccounted_bytes() const {
    if (!balance || !balance->process_bytes) return std::nullopt;
    const uint64_t tracked = tracked_bytes();
    if (*balance->process_bytes < tracked) return std::nullopt;
    return *balance->process_bytes - tracked;
}

const char* cuda_event_name(CudaEventKind kind) {
    switch (kind) {
        case CudaEventKind::failed_deallocation:
            return "failed_deallocation";
        case CudaEventKind::out_of_memory:
            return "out_of_memory";
        case CudaEventKind::none:
        case CudaEventKind::unmapped_handles:
        case CudaEventKind::released_handles:
            break;
    }
    return "unknown";
}

std::string cuda_error_text(int result) {
    const auto* known = std::ranges::find(kErrors, result, &KnownError::result);
    return known == std::end(kErrors) ? fmt::format("error {}", result) : known->name;
}

}  // namespace heapdrift::model
