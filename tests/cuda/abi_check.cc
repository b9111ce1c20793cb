// Compiled where a toolkit is installed: what is written down of the driver's types and functions
// (preload/cuda/driver_types.h, entry_points.def) is what cuda.h says. There is nothing to run.
// Shows the older versions, too.
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <cudaTypedefs.h>

#include <type_traits>

#include "preload/cuda/driver_types.h"

namespace heapdrift::cuda {

// Passed in the same way: as a pointer, as a number of the same size, or by value in memory.
template <typename Ours, typename Theirs>
constexpr bool passed_alike() {
    if constexpr (std::is_pointer_v<Ours> || std::is_pointer_v<Theirs>)
        return std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>;
    else if constexpr (std::is_class_v<Ours> || std::is_class_v<Theirs>)
        return std::is_class_v<Ours> && std::is_class_v<Theirs> && sizeof(Ours) == sizeof(Theirs) &&
               alignof(Ours) == alignof(Theirs);
    else
        return sizeof(Ours) == sizeof(Theirs);
}

template <typename Ours, typename Theirs>
struct CalledAlike;
template <typename... Ours, typename... Theirs>
struct CalledAlike<Result(Ours...), CUresult (*)(Theirs...)> {
    static constexpr bool value = [] {
        if constexpr (sizeof...(Ours) == sizeof...(Theirs))
            return (passed_alike<Ours, Theirs>() && ...);
        else
            return false;
    }();
};

// That PFN_NAME_vVERSION exists says that the version is one of this function's.
#define HEAPDRIFT_CUDA_FUNCTION(symbol, name, version, stream, parameters)        \
    static_assert(CalledAlike<Result parameters, PFN_##name##_v##version>::value, \
                  "differs from cuda.h");
// The table's lines that this toolkit knows; see CMakeLists.txt.
#include "known_entry_points.inl"
#undef HEAPDRIFT_CUDA_FUNCTION

#define SAME_PLACE(ours, our_field, theirs, their_field)                        \
    static_assert(offsetof(ours, our_field) == offsetof(theirs, their_field) && \
                  sizeof(ours::our_field) == sizeof(theirs::their_field))
#define SAME_SIZE(ours, theirs) static_assert(sizeof(ours) == sizeof(theirs))

SAME_SIZE(Location, CUmemLocation);
SAME_PLACE(Location, kind, CUmemLocation, type);
SAME_PLACE(Location, id, CUmemLocation, id);
SAME_SIZE(MemoryProperties, CUmemAllocationProp);
SAME_PLACE(MemoryProperties, location, CUmemAllocationProp, location);
SAME_SIZE(PoolProperties, CUmemPoolProps);
SAME_PLACE(PoolProperties, location, CUmemPoolProps, location);
SAME_SIZE(ArrayDescription, CUDA_ARRAY_DESCRIPTOR);
SAME_PLACE(ArrayDescription, width, CUDA_ARRAY_DESCRIPTOR, Width);
SAME_PLACE(ArrayDescription, height, CUDA_ARRAY_DESCRIPTOR, Height);
SAME_PLACE(ArrayDescription, format, CUDA_ARRAY_DESCRIPTOR, Format);
SAME_PLACE(ArrayDescription, channels, CUDA_ARRAY_DESCRIPTOR, NumChannels);
SAME_SIZE(Array3dDescription, CUDA_ARRAY3D_DESCRIPTOR);
SAME_PLACE(Array3dDescription, depth, CUDA_ARRAY3D_DESCRIPTOR, Depth);
SAME_PLACE(Array3dDescription, format, CUDA_ARRAY3D_DESCRIPTOR, Format);
SAME_PLACE(Array3dDescription, channels, CUDA_ARRAY3D_DESCRIPTOR, NumChannels);
SAME_PLACE(Array3dDescription, flags, CUDA_ARRAY3D_DESCRIPTOR, Flags);
SAME_SIZE(IpcHandle, CUipcMemHandle);
SAME_SIZE(ExternalMemoryDescription, CUDA_EXTERNAL_MEMORY_HANDLE_DESC);
SAME_PLACE(ExternalMemoryDescription, size, CUDA_EXTERNAL_MEMORY_HANDLE_DESC, size);
SAME_SIZE(AllocationNode, CUDA_MEM_ALLOC_NODE_PARAMS);
SAME_PLACE(AllocationNode, properties, CUDA_MEM_ALLOC_NODE_PARAMS, poolProps);
SAME_PLACE(AllocationNode, size, CUDA_MEM_ALLOC_NODE_PARAMS, bytesize);
SAME_PLACE(AllocationNode, pointer, CUDA_MEM_ALLOC_NODE_PARAMS, dptr);
#if CUDA_VERSION >= 12020
SAME_SIZE(NodeParameters, CUgraphNodeParams);
SAME_PLACE(NodeParameters, kind, CUgraphNodeParams, type);
static_assert(offsetof(NodeParameters, allocation) == offsetof(CUgraphNodeParams, alloc));
#endif
SAME_SIZE(ArrayMapping, CUarrayMapInfo);
SAME_PLACE(ArrayMapping, array, CUarrayMapInfo, resource);
SAME_PLACE(ArrayMapping, part_kind, CUarrayMapInfo, subresourceType);
SAME_PLACE(ArrayMapping, part, CUarrayMapInfo, subresource);
SAME_PLACE(ArrayMapping, part.tile.x, CUarrayMapInfo, subresource.sparseLevel.offsetX);
SAME_PLACE(ArrayMapping, part.tail.offset, CUarrayMapInfo, subresource.miptail.offset);
SAME_PLACE(ArrayMapping, operation, CUarrayMapInfo, memOperationType);
SAME_PLACE(ArrayMapping, handle, CUarrayMapInfo, memHandle);
SAME_PLACE(ArrayMapping, offset, CUarrayMapInfo, offset);

static_assert(kSuccess == CUDA_SUCCESS && kOutOfMemory == CUDA_ERROR_OUT_OF_MEMORY &&
              kDeinitialized == CUDA_ERROR_DEINITIALIZED &&
              kLibraryMissing == CUDA_ERROR_SHARED_OBJECT_INIT_FAILED);
static_assert(kPerThreadStream == CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM);
static_assert(kPointerDeviceOrdinal == CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL);
static_assert(kPoolReservedBytes == CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT);
static_assert(kGraphReservedBytes == CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT);
static_assert(kOnDevice == CU_MEM_LOCATION_TYPE_DEVICE);
static_assert(kLayeredArray == CUDA_ARRAY3D_LAYERED && kSparseArray == CUDA_ARRAY3D_SPARSE &&
              kDeferredArray == CUDA_ARRAY3D_DEFERRED_MAPPING);
static_assert(kAllocationNode == CU_GRAPH_NODE_TYPE_MEM_ALLOC);
static_assert(kMipTail == CU_ARRAY_SPARSE_SUBRESOURCE_TYPE_MIPTAIL &&
              kMapTiles == CU_MEM_OPERATION_TYPE_MAP);

}  // namespace heapdrift::cuda
