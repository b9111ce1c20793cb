// The driver's types, as far as they matter to what we record: written down here, for no toolkit is
// needed to build. tests/cuda/abi_check.cc compares them with cuda.h where there is one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heapdrift::cuda {

using Result = int;
inline constexpr Result kSuccess = 0;
inline constexpr Result kOutOfMemory = 2;
inline constexpr Result kDeinitialized = 4;
inline constexpr Result kLibraryMissing = 303;  // CUDA_ERROR_SHARED_OBJECT_INIT_FAILED

using Device = int;
using DevicePointer = unsigned long long;
using MemoryHandle = unsigned long long;
using Context = struct ContextObject*;
using Stream = struct StreamObject*;
using Pool = struct PoolObject*;
using Array = struct ArrayObject*;
using MipmappedArray = struct MipmappedArrayObject*;
using ExternalMemory = struct ExternalMemoryObject*;
using Graph = struct GraphObject*;
using GraphNode = struct GraphNodeObject*;
using GreenContext = struct GreenContextObject*;

// cuGetProcAddress: stream 0 is the calling thread's own.
inline constexpr uint64_t kPerThreadStream = 2;

// Attributes that are read.
inline constexpr int kPointerDeviceOrdinal = 9;
inline constexpr int kPoolReservedBytes = 5;
inline constexpr int kGraphReservedBytes = 2;

struct Location {
    int kind;
    int id;
};
inline constexpr int kOnDevice = 1;  // of Location.kind: id is a device's ordinal

struct MemoryProperties {
    int kind;
    int shared_kinds;
    Location location;
    void* reserved;
    uint8_t flags[8];
};
static_assert(sizeof(MemoryProperties) == 32);

struct PoolProperties {
    int kind;
    int shared_kinds;
    Location location;
    void* reserved0;
    size_t largest_size;
    uint16_t usage;
    uint8_t reserved1[54];
};
static_assert(sizeof(PoolProperties) == 88);

struct ArrayDescription {
    size_t width;
    size_t height;
    int format;
    unsigned channels;
};
struct Array3dDescription {
    size_t width;
    size_t height;
    size_t depth;
    int format;
    unsigned channels;
    unsigned flags;
};
inline constexpr unsigned kLayeredArray = 0x01;   // depth is a number of layers
inline constexpr unsigned kSparseArray = 0x40;    // has no memory of its own
inline constexpr unsigned kDeferredArray = 0x80;  // the same

struct IpcHandle {
    char bytes[64];
};

struct ExternalMemoryDescription {
    int kind;
    union {
        int fd;
        void* pointers[2];
    } handle;
    unsigned long long size;
    unsigned flags;
    unsigned reserved[16];
};
static_assert(sizeof(ExternalMemoryDescription) == 104);

// A tile of a sparse array, or a piece of its mip tail, and the memory that is to be mapped there.
struct ArrayMapping {
    int array_kind;
    void* array;
    int part_kind;
    union {
        struct {
            unsigned level, layer, x, y, z, width, height, depth;
        } tile;
        struct {
            unsigned layer;
            unsigned long long offset, size;
        } tail;
    } part;
    int operation;
    int handle_kind;
    MemoryHandle handle;
    unsigned long long offset;
    unsigned devices;
    unsigned flags;
    unsigned reserved[2];
};
static_assert(sizeof(ArrayMapping) == 96);
inline constexpr int kMipTail = 1;   // of ArrayMapping.part_kind
inline constexpr int kMapTiles = 1;  // of ArrayMapping.operation

struct AllocationNode {
    PoolProperties properties;
    const void* access;
    size_t access_count;
    size_t size;
    DevicePointer pointer;
};
static_assert(sizeof(AllocationNode) == 120);

struct NodeParameters {
    int kind;
    int reserved0[3];
    union {
        long long reserved1[29];
        AllocationNode allocation;
    };
    long long reserved2;
};
static_assert(sizeof(NodeParameters) == 256);
inline constexpr int kAllocationNode = 10;  // of NodeParameters.kind

}  // namespace heapdrift::cuda
