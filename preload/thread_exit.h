// Learning that a thread ends, so that its state goes to another one.
#pragma once

namespace heapdrift {

struct ThreadState;

// When recording begins. Without a key threads that end keep their states.
void prepare_exit_notices();
// Arranges that the state goes back when its thread ends.
void attach_exit_notice(ThreadState* state);

}  // namespace heapdrift
