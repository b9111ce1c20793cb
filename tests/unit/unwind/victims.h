// Functions whose frames are hard to leave, each with a known way in: they call `then` innermost.
#pragma once

namespace heapdrift::victims {

using Callback = void (*)();

// Compiled without frame pointers.
void recurse(int depth, Callback then);
void with_alloca(int depth, Callback then);
void with_variable_array(int depth, Callback then);
void with_large_frame(int depth, Callback then);
int with_register_pressure(int seed, Callback then);
void through_tail_calls(int depth, Callback then);
void with_aligned_local(int depth, Callback then);

// Compiled with -mstackrealign: every frame is reached by a pointer kept in a register (DRAP).
void recurse_realigned(int depth, Callback then);
void with_alloca_realigned(int depth, Callback then);

}  // namespace heapdrift::victims
