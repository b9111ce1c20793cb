// The option verify=N: compares each N-th stack, as it lies in the prefix tree, with what libunwind
// sees. For tests of the recorder on programs; it costs far more than recording does.
//
// libunwind is looked up by dlopen when main begins, apart from the program's symbols: linked, it
// would replace backtrace() in the whole process.
#pragma once

#include "preload/thread_state.h"

namespace heapdrift {

// At the beginning of main. Says on stderr when there is no libunwind, and verifies nothing then.
void prepare_stack_verifier();

// The site of a stack, as CallStack::site finds it, verified if it is its turn.
[[gnu::cold]] SiteId find_verified_site(ThreadState& state, const StartState& caller,
                                        Domain domain);

}  // namespace heapdrift
