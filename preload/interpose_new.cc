// The C++ operators. libstdc++'s and libc++'s call malloc and free, whose hooks record: to them we
// only jump, leaving no frame behind. Other providers (tcmalloc, jemalloc, mimalloc) do not come by
// malloc, so these hooks record for them; should the provider call malloc after all, the outer hook
// sees that the inner one has recorded the same block.
//
// Declared by their mangled names, with three arguments of register size each: those that a form
// does not have are passed on as they came and looked at by nobody.
#include <dlfcn.h>
#include <link.h>

#include <atomic>

#include "preload/interpose.h"
#include "preload/message.h"
#include "preload/text.h"

using namespace heapdrift;

extern "C" void* malloc(size_t);
extern "C" void free(void*);

namespace {

using Argument = uintptr_t;
using NewFunction = void* (*)(size_t, Argument, Argument);
using DeleteFunction = void (*)(void*, Argument, Argument);

// Who implements one operator.
struct Provider {
    std::atomic<void*> function{nullptr};
    // Calls malloc or free for its memory. Written before function (release), read after (acquire).
    std::atomic<bool> forwards{false};
};

bool calls_malloc(void* function) {
    dl_find_object found{};
    if (_dl_find_object(function, &found) != 0) return false;
    const char* name = found.dlfo_link_map->l_name;
    return text_contains(name, "libstdc++.so") || text_contains(name, "libc++abi.so") ||
           text_contains(name, "libc++.so");
}

// A C++ library loaded RTLD_LOCAL by a C program finds our operator new but is itself not behind
// us in the global order: it is asked for by name.
void* find_in_local_runtime(const char* name) {
    const BusyScope asking(Busy::asking);
    for (const char* library : {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"})
        if (void* handle = dlopen(library, RTLD_NOLOAD | RTLD_LAZY))
            if (void* function = dlsym(handle, name)) return function;
    return nullptr;
}

void* allocate_without_provider(size_t size, Argument, Argument) {
    void* block = malloc(size);
    if (block == nullptr) {
        say(Message() << "operator new: out of memory, and no C++ runtime to throw bad_alloc");
        __builtin_trap();
    }
    return block;
}

void release_without_provider(void* block, Argument, Argument) {
    free(block);
}

template <typename Function>
Function find(Provider& provider, const char* name, Function without) {
    void* function = provider.function.load(std::memory_order_acquire);
    if (function != nullptr) [[likely]]
        return reinterpret_cast<Function>(function);
    function = find_next(name);
    if (function == nullptr) function = find_in_local_runtime(name);
    const bool missing = function == nullptr;
    if (missing) function = reinterpret_cast<void*>(without);
    provider.forwards.store(missing || calls_malloc(function), std::memory_order_relaxed);
    provider.function.store(function, std::memory_order_release);
    return reinterpret_cast<Function>(function);
}

void* record_new(NewFunction function, size_t size, Argument a, Argument b,
                 const StartState& caller) {
    tls.last_recorded = 0;
    tls.in_allocator = true;
    void* block = function(size < next.smallest ? next.smallest : size, a, b);
    tls.in_allocator = false;
    // Whatever was recorded meanwhile, at this address or before it (a provider that puts a header
    // in front), was for this block.
    if (block != nullptr && tls.last_recorded == 0)
        record_allocation(address_of(block), size, caller);
    return block;
}

void record_delete(DeleteFunction function, void* block, Argument a, Argument b) {
    if (block != nullptr) record_deallocation_if_known(address_of(block));
    const AllocatorScope scope;
    function(block, a, b);
}

// A sized delete must name the size that was asked for, which may have been rounded up.
Argument passed_size(Argument size) {
    return size < next.smallest ? next.smallest : size;
}

}  // namespace

#define HEAPDRIFT_NEW(symbol)                                                               \
    HEAPDRIFT_EXPORT void* symbol(size_t size, Argument a, Argument b) {                    \
        static constinit Provider provider;                                                 \
        const NewFunction function = find(provider, #symbol, allocate_without_provider);    \
        if (provider.forwards.load(std::memory_order_relaxed)) return function(size, a, b); \
        return record_new(function, size, a, b, start_state_of_caller());                   \
    }

#define HEAPDRIFT_DELETE_AS(symbol, size_argument)                                           \
    HEAPDRIFT_EXPORT void symbol(void* block, Argument a, Argument b) {                      \
        static constinit Provider provider;                                                  \
        const DeleteFunction function = find(provider, #symbol, release_without_provider);   \
        if (provider.forwards.load(std::memory_order_relaxed)) return function(block, a, b); \
        record_delete(function, block, size_argument, b);                                    \
    }
#define HEAPDRIFT_DELETE(symbol) HEAPDRIFT_DELETE_AS(symbol, a)
#define HEAPDRIFT_SIZED_DELETE(symbol) HEAPDRIFT_DELETE_AS(symbol, passed_size(a))

HEAPDRIFT_NEW(_Znwm)                // operator new(size_t)
HEAPDRIFT_NEW(_Znam)                // operator new[](size_t)
HEAPDRIFT_NEW(_ZnwmRKSt9nothrow_t)  // …, nothrow
HEAPDRIFT_NEW(_ZnamRKSt9nothrow_t)
HEAPDRIFT_NEW(_ZnwmSt11align_val_t)  // …, aligned
HEAPDRIFT_NEW(_ZnamSt11align_val_t)
HEAPDRIFT_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t)
HEAPDRIFT_NEW(_ZnamSt11align_val_tRKSt9nothrow_t)

HEAPDRIFT_DELETE(_ZdlPv)
HEAPDRIFT_DELETE(_ZdaPv)
HEAPDRIFT_DELETE(_ZdlPvRKSt9nothrow_t)
HEAPDRIFT_DELETE(_ZdaPvRKSt9nothrow_t)
HEAPDRIFT_DELETE(_ZdlPvSt11align_val_t)
HEAPDRIFT_DELETE(_ZdaPvSt11align_val_t)
HEAPDRIFT_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t)
HEAPDRIFT_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t)
HEAPDRIFT_SIZED_DELETE(_ZdlPvm)
HEAPDRIFT_SIZED_DELETE(_ZdaPvm)
HEAPDRIFT_SIZED_DELETE(_ZdlPvmSt11align_val_t)
HEAPDRIFT_SIZED_DELETE(_ZdaPvmSt11align_val_t)
