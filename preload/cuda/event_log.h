// What went wrong, by call stack: deallocations that the driver refused, and memory that ran out;
// and handles of virtual memory in a state that they should not stay in.
#pragma once

#include "core/cuda_figures.h"
#include "preload/cuda/driver_types.h"
#include "preload/cuda/object_table.h"
#include "preload/unwind/stack_walk.h"

namespace heapdrift::cuda {

void note_failed_deallocation(const Object& object, Result result, const StartState& caller);
// Takes a snapshot, the first few times: what is live at this moment is what the memory went to.
void note_out_of_memory(const Object& wanted, Result result, const StartState& caller);

// kind: a state of handles. One more of this site is in it, or, with change -1, one less.
void count_handle(CudaEventKind kind, const Object& handle, int change);

void forget_events();

}  // namespace heapdrift::cuda
