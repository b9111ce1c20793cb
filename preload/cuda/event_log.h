// What went wrong, by call stack: deallocations that the driver refused, and memory that ran out.
#pragma once

#include "preload/cuda/driver_types.h"
#include "preload/cuda/object_table.h"
#include "preload/unwind/stack_walk.h"

namespace heapdrift::cuda {

void note_failed_deallocation(const Object& object, Result result, const StartState& caller);
// Takes a snapshot, the first few times: what is live at this moment is what the memory went to.
void note_out_of_memory(const Object& wanted, Result result, const StartState& caller);

void forget_events();

}  // namespace heapdrift::cuda
