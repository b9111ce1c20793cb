#include "preload/stack_verifier.h"

#include <dlfcn.h>
#include <errno.h>
#include <ucontext.h>

#include <atomic>

#include "preload/message.h"
#include "preload/recorder.h"
#include "preload/thread_local.h"

namespace heapdrift {
namespace {

// libunwind's interface for a process's own stack on x86-64, version 1.
struct Cursor {
    uint64_t opaque[127];
};
enum class Caching : int { none = 0 };
constexpr int kRegisterRsp = 7;
constexpr int kRegisterRip = 16;

struct Unwinder {
    int (*get_context)(ucontext_t*);
    int (*begin)(Cursor*, ucontext_t*);
    int (*step)(Cursor*);
    int (*get_register)(Cursor*, int, uint64_t*);
    int (*set_caching)(void*, Caching);
    void** own_process;
};
constinit Unwinder unwinder{};

// Written before it (release), the unwinder is there for whoever reads true (acquire).
constinit std::atomic<bool> ready{false};
constinit std::atomic<uint64_t> captures{0};
constinit std::atomic<bool> difference_told{false};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

uint64_t register_of(Cursor& cursor, int number) {
    uint64_t value = 0;
    unwinder.get_register(&cursor, number, &value);
    return value;
}

struct ErrnoKept {
    const int value = errno;
    ~ErrnoKept() { errno = value; }
};

enum class Verdict : uint8_t { same, different, unknown };

// unknown: libunwind does not find the hook's caller, or gives up further in than we do.
Verdict compare(Cursor& cursor, const StartState& caller, NodeId leaf, uint32_t& frame) {
    while (register_of(cursor, kRegisterRip) != caller.pc ||
           register_of(cursor, kRegisterRsp) != caller.sp)
        if (unwinder.step(&cursor) <= 0) return Verdict::unknown;
    for (const Node* node = &recorder.file.node(raw(leaf)); node->kind != FrameKind::root;
         node = &recorder.file.node(node->parent), ++frame) {
        const uint64_t pc = register_of(cursor, kRegisterRip);
        if (pc == 0 && frame > 0) return Verdict::unknown;
        if (pc != node->address) return Verdict::different;
        // The outermost frame of a complete stack leads nowhere.
        if (recorder.file.node(node->parent).kind == FrameKind::root) return Verdict::same;
        if (unwinder.step(&cursor) <= 0) return Verdict::unknown;
    }
    return Verdict::same;
}

// Leaves errno as it was: libunwind probes memory by system calls that fail.
void verify(const StartState& caller, SiteId site) {
    const ErrnoKept kept;
    ucontext_t context;
    Cursor cursor;
    Control& control = recorder.file.control();
    if (unwinder.get_context(&context) != 0 || unwinder.begin(&cursor, &context) != 0) return;
    const NodeId leaf{recorder.file.site(raw(site)).node.load(std::memory_order_acquire)};
    uint32_t frame = 0;
    switch (compare(cursor, caller, leaf, frame)) {
        case Verdict::same:
            control.verified_same.fetch_add(1, std::memory_order_relaxed);
            return;
        case Verdict::unknown:
            control.verified_unknown.fetch_add(1, std::memory_order_relaxed);
            return;
        case Verdict::different:
            control.verified_different.fetch_add(1, std::memory_order_relaxed);
            if (!difference_told.exchange(true, std::memory_order_relaxed))
                say(Message() << "verify: the stack of site " << raw(site)
                              << " differs from libunwind's at frame " << frame);
            return;
    }
}

}  // namespace

void prepare_stack_verifier() {
    if (recorder.options.verify == 0 || ready.load(std::memory_order_relaxed)) return;
    const BusyScope internal(Busy::internal);
    void* library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr || !find(library, "_Ux86_64_getcontext", unwinder.get_context) ||
        !find(library, "_ULx86_64_init_local", unwinder.begin) ||
        !find(library, "_ULx86_64_step", unwinder.step) ||
        !find(library, "_ULx86_64_get_reg", unwinder.get_register) ||
        !find(library, "_ULx86_64_set_caching_policy", unwinder.set_caching) ||
        !find(library, "_ULx86_64_local_addr_space", unwinder.own_process)) {
        say(Message() << "verify: libunwind.so.8 is not to be had; stacks are recorded unverified");
        return;
    }
    // It remembers rules by address alone. One address has two where a call that does not return
    // ends a function: it is that call's return address and the next function's first instruction,
    // at which a signal may strike. And it does not notice that a module was unloaded.
    unwinder.set_caching(*unwinder.own_process, Caching::none);
    ready.store(true, std::memory_order_release);
}

SiteId find_verified_site(ThreadState& state, const StartState& caller, Domain domain) {
    CallStack& stack = state.stack;
    const uint64_t whole_walks = stack.whole_walks();
    const SiteId site = stack.site(caller, domain, static_cast<uint32_t>(recorder.options.depth),
                                   recorder.sites, recorder.modules, state.counters);
    if (raw(site) == 0 || !ready.load(std::memory_order_acquire) ||
        captures.fetch_add(1, std::memory_order_relaxed) % recorder.options.verify != 0)
        return site;
    if (stack.whole_walks() == whole_walks)
        recorder.file.control().verified_fast.fetch_add(1, std::memory_order_relaxed);
    verify(caller, site);
    return site;
}

}  // namespace heapdrift
