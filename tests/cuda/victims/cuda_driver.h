// The driver's functions as the victims call them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int CUresult;
typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
typedef unsigned long long CUmemHandle;
typedef struct Context* CUcontext;
typedef struct Stream* CUstream;
typedef struct Pool* CUpool;
typedef struct Array* CUarray;
typedef struct Graph* CUgraph;

typedef struct {
    int kind, shared_kinds, location_kind, location;
    void* reserved;
    unsigned char flags[8];
} MemoryProperties;
typedef struct {
    int kind, shared_kinds, location_kind, location;
    void* reserved;
    size_t largest;
    unsigned short usage;
    unsigned char rest[54];
} PoolProperties;
typedef struct {
    size_t width, height;
    int format;
    unsigned channels;
} ArrayDescription;
typedef struct {
    size_t width, height, depth;
    int format;
    unsigned channels, flags;
} ArrayDescription3d;
typedef struct {
    PoolProperties properties;
    const void* access;
    size_t access_count, size;
    CUdeviceptr pointer;
} AllocationNode;
typedef struct {
    int kind, reserved[3];
    AllocationNode allocation;
    char rest[128];
} NodeParameters;
typedef struct {
    char bytes[64];
} IpcHandle;
typedef struct {
    int kind;
    void* handle[2];
    unsigned long long size;
    unsigned flags, reserved[16];
} ExternalDescription;

typedef struct GreenContext* CUgreenContext;
typedef struct {
    int array_kind;
    CUarray array;
    int part_kind;
    unsigned level, layer, x, y, z, width, height, depth;
    int operation, handle_kind;
    CUmemHandle handle;
    unsigned long long offset;
    unsigned devices, flags, reserved[2];
} ArrayMapping;

enum { kSuccess = 0, kInvalidValue = 1, kOutOfMemory = 2, kDeinitialized = 4, kNotPermitted = 800 };
enum { kMapTiles = 1, kUnmapTiles = 2, kSparse = 0x40 };
enum { kOnDevice = 1, kAllocationNode = 10, kFloat = 0x20 };

CUresult cuInit(unsigned flags);
CUresult cuDeviceGetCount(int* count);
CUresult cuCtxCreate_v2(CUcontext* context, unsigned flags, CUdevice device);
CUresult cuCtxDestroy_v2(CUcontext context);
CUresult cuCtxAttach(CUcontext* context, unsigned flags);
CUresult cuCtxDetach(CUcontext context);
CUresult cuGreenCtxCreate(CUgreenContext* green, void* resources, CUdevice device, unsigned flags);
CUresult cuGreenCtxDestroy(CUgreenContext green);
CUresult cuCtxFromGreenCtx(CUcontext* context, CUgreenContext green);
CUresult cuCheckpointProcessCheckpoint(int pid, void* arguments);
CUresult cuCheckpointProcessRestore(int pid, void* arguments);
CUresult cuCtxSetCurrent(CUcontext context);
CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device);
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device);
CUresult cuDevicePrimaryCtxReset_v2(CUdevice device);
CUresult cuMemAlloc_v2(CUdeviceptr* pointer, size_t size);
CUresult cuMemAllocPitch_v2(CUdeviceptr* pointer, size_t* pitch, size_t width, size_t height,
                            unsigned element);
CUresult cuMemAllocManaged(CUdeviceptr* pointer, size_t size, unsigned flags);
CUresult cuMemFree_v2(CUdeviceptr pointer);
CUresult cuMemHostAlloc(void** pointer, size_t size, unsigned flags);
CUresult cuMemAllocHost_v2(void** pointer, size_t size);
CUresult cuMemFreeHost(void* pointer);
CUresult cuMemHostRegister_v2(void* pointer, size_t size, unsigned flags);
CUresult cuMemHostUnregister(void* pointer);
CUresult cuMemGetInfo_v2(size_t* free_bytes, size_t* total);
CUresult cuStreamCreate(CUstream* stream, unsigned flags);
CUresult cuStreamBeginCapture_v2(CUstream stream, int mode);
CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph);
CUresult cuMemAllocAsync(CUdeviceptr* pointer, size_t size, CUstream stream);
CUresult cuMemAllocAsync_ptsz(CUdeviceptr* pointer, size_t size, CUstream stream);
CUresult cuMemAllocFromPoolAsync(CUdeviceptr* pointer, size_t size, CUpool pool, CUstream stream);
CUresult cuMemFreeAsync(CUdeviceptr pointer, CUstream stream);
CUresult cuMemFreeAsync_ptsz(CUdeviceptr pointer, CUstream stream);
CUresult cuMemPoolCreate(CUpool* pool, const PoolProperties* properties);
CUresult cuMemPoolTrimTo(CUpool pool, size_t kept);
CUresult cuMemPoolImportFromShareableHandle(CUpool* pool, void* shared, int kind,
                                            unsigned long long flags);
CUresult cuMemPoolDestroy(CUpool pool);
CUresult cuMemCreate(CUmemHandle* handle, size_t size, const MemoryProperties* properties,
                     unsigned long long flags);
CUresult cuMemRelease(CUmemHandle handle);
CUresult cuMemRetainAllocationHandle(CUmemHandle* handle, void* address);
CUresult cuMemAddressReserve(CUdeviceptr* pointer, size_t size, size_t alignment,
                             CUdeviceptr wanted, unsigned long long flags);
CUresult cuMemAddressFree(CUdeviceptr pointer, size_t size);
CUresult cuMemMap(CUdeviceptr pointer, size_t size, size_t offset, CUmemHandle handle,
                  unsigned long long flags);
CUresult cuMemUnmap(CUdeviceptr pointer, size_t size);
CUresult cuMemImportFromShareableHandle(CUmemHandle* handle, void* shared, int kind);
CUresult cuMemMapArrayAsync(ArrayMapping* mappings, unsigned count, CUstream stream);
CUresult cuMulticastCreate(CUmemHandle* team, const void* properties);
CUresult cuMulticastBindMem(CUmemHandle team, size_t offset, CUmemHandle memory,
                            size_t memory_offset, size_t size, unsigned long long flags);
CUresult cuMulticastBindAddr(CUmemHandle team, size_t offset, CUdeviceptr pointer, size_t size,
                             unsigned long long flags);
CUresult cuMulticastUnbind(CUmemHandle team, CUdevice device, size_t offset, size_t size);
CUresult cuArrayCreate_v2(CUarray* array, const ArrayDescription* description);
CUresult cuArray3DCreate_v2(CUarray* array, const ArrayDescription3d* description);
CUresult cuArrayDestroy(CUarray array);
CUresult cuMipmappedArrayCreate(CUarray* array, const ArrayDescription3d* description,
                                unsigned levels);
CUresult cuMipmappedArrayDestroy(CUarray array);
CUresult cuIpcOpenMemHandle_v2(CUdeviceptr* pointer, IpcHandle handle, unsigned flags);
CUresult cuIpcCloseMemHandle(CUdeviceptr pointer);
CUresult cuImportExternalMemory(void** memory, const ExternalDescription* description);
CUresult cuExternalMemoryGetMappedBuffer(CUdeviceptr* pointer, void* memory,
                                         const void* description);
CUresult cuDestroyExternalMemory(void* memory);
CUresult cuGraphCreate(CUgraph* graph, unsigned flags);
CUresult cuGraphAddMemAllocNode(void** node, CUgraph graph, const void* dependencies, size_t count,
                                AllocationNode* parameters);
CUresult cuGraphAddNode_v2(void** node, CUgraph graph, const void* dependencies, const void* edges,
                           size_t count, NodeParameters* parameters);
CUresult cuGraphDestroy(CUgraph graph);
CUresult cuGetProcAddress_v2(const char* name, void** function, int version, uint64_t flags,
                             int* status);

// Of the driver for tests alone.
void fakeFailNextFree(CUresult result);
void fakeShutDown(void);

#ifdef __cplusplus
}
#endif
