#include "preload/vfork_child.h"

#include <linux/kcmp.h>
#include <pthread.h>

#include "preload/syscalls.h"

namespace heapdrift {
namespace {

// What libc believes the thread's id to be, which it enters in each mutex that it locks.
uint32_t tid_known_to_libc() {
    pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    pthread_mutex_lock(&mutex);
    const auto tid = static_cast<uint32_t>(mutex.__data.__owner);
    pthread_mutex_unlock(&mutex);
    return tid;
}

}  // namespace

// Fork tells libc the new id, vfork does not; nor does a bare clone, which the kernel can tell from
// it, where it is allowed to (containers mostly forbid it).
bool is_vfork_child() {
    return tid_known_to_libc() != sys::tid() &&
           sys::call(SYS_kcmp, sys::pid(), sys::call(SYS_getppid), KCMP_VM) <= 0;
}

}  // namespace heapdrift
