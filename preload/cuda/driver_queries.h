// What is asked of the driver while a call of the program's is in it: cheap questions, none that
// creates a context, and none on a thread whose call has failed for another reason than memory.
#pragma once

#include "preload/cuda/driver_types.h"

namespace heapdrift::cuda {

// Where something was allocated.
struct Place {
    uint64_t context = 0;
    uint8_t device = 0xff;  // entry of CudaFigures.devices, or kNoCudaDevice
};

// By the context that is current on this thread.
Place place_here();
// By the device's ordinal.
Place place_of(const Location& location);
// Of memory allocated in the order of a stream. Its context does not matter: the memory outlives
// it.
Place place_of_pool_memory(DevicePointer pointer, Stream stream);

// Whether the stream's calls become part of a graph instead of being executed. graph: which one;
// nullptr where the driver does not say.
enum class Capture { none, active };
Capture capture_of(Stream stream, bool per_thread, Graph& graph);

// How much the pool keeps of its device's memory; kUnknownBytes where the driver does not say.
uint64_t reserved_by_pool(Pool pool);
uint64_t reserved_by_graphs(Device device);
// The pool that cuMemAllocAsync takes memory from; nullptr where it is not known.
Pool present_pool(Device device);

// The size of the allocation that the pointer is the beginning of; 0 where the driver does not say.
uint64_t size_behind(DevicePointer pointer);

}  // namespace heapdrift::cuda
