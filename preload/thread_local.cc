#include "preload/thread_local.h"

namespace heapdrift {

constinit thread_local ThreadLocal tls __attribute__((tls_model("initial-exec"))) = {};

}  // namespace heapdrift
