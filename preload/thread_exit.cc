#include "preload/thread_exit.h"

#include <pthread.h>

#include "preload/recorder.h"
#include "preload/thread_local.h"

namespace heapdrift {
namespace {

constinit pthread_key_t key = 0;
constinit bool key_made = false;

// Thread-specific destructors run in rounds; in the last one the state goes back. What the thread
// still allocates or frees then borrows a state for each operation.
void on_thread_exit(void* pointer) {
    auto* state = static_cast<ThreadState*>(pointer);
    if (state != tls.state) return;
    if (++state->destructor_rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
        const BusyScope internal(Busy::internal);
        if (pthread_setspecific(key, state) == 0) return;
    }
    const BusyScope recording(Busy::recording);
    tls.ended = true;
    tls.state = nullptr;
    recorder.threads.retire(state);
}

}  // namespace

void prepare_exit_notices() {
    if (key_made) return;
    const BusyScope internal(Busy::internal);
    key_made = pthread_key_create(&key, on_thread_exit) == 0;
}

void attach_exit_notice(ThreadState* state) {
    if (!key_made) return;
    const BusyScope internal(Busy::internal);
    pthread_setspecific(key, state);
}

}  // namespace heapdrift
