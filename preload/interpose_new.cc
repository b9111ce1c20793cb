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

// Who implements one operator: nullptr until it is first called.
struct Provider {
    // Calls malloc or free for its memory: there is nothing to do here.
    std::atomic<void*> forwarding{nullptr};
    std::atomic<void*> recorded{nullptr};
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
[[gnu::always_inline]] inline Function as(const std::atomic<void*>& function) {
    return reinterpret_cast<Function>(function.load(std::memory_order_relaxed));
}

// Finds the provider, where that was not done. Whether it forwards is known afterwards.
template <typename Function>
void find(Provider& provider, const char* name, Function without) {
    if (as<Function>(provider.recorded) != nullptr) return;
    void* function = find_next(name);
    if (function == nullptr) function = find_in_local_runtime(name);
    const bool missing = function == nullptr;
    if (missing) function = reinterpret_cast<void*>(without);
    const bool forwards = missing || calls_malloc(function);
    (forwards ? provider.forwarding : provider.recorded).store(function, std::memory_order_relaxed);
}

// For providers that are not known to forward. Like the functions of interpose_malloc.cc these are
// come to by a jump.
[[gnu::noinline]] void* find_and_allocate(size_t size, Argument a, Argument b, Provider& provider,
                                          const char* name) {
    find(provider, name, allocate_without_provider);
    if (const auto forwarding = as<NewFunction>(provider.forwarding)) return forwarding(size, a, b);
    tls.last_recorded = 0;
    const uint64_t until_sample = tls.until_sample;
    tls.in_allocator = true;
    void* block =
        as<NewFunction>(provider.recorded)(size < next.smallest ? next.smallest : size, a, b);
    tls.in_allocator = false;
    // Whatever was recorded meanwhile, at this address or before it (a provider that puts a header
    // in front), was for this block; and so was what sampled mode passed by.
    if (block != nullptr && tls.last_recorded == 0 && tls.until_sample == until_sample)
        record_allocation(address_of(block), size, start_state_of_caller());
    return block;
}

[[gnu::noinline]] void find_and_release(void* block, Argument a, Argument b, Provider& provider,
                                        const char* name) {
    find(provider, name, release_without_provider);
    if (const auto forwarding = as<DeleteFunction>(provider.forwarding))
        return forwarding(block, a, b);
    if (block != nullptr) record_deallocation_if_known(address_of(block));
    const AllocatorScope scope;
    as<DeleteFunction>(provider.recorded)(block, a, b);
}

// A sized delete must name the size that was asked for, which may have been rounded up.
Argument passed_size(Argument size) {
    return size < next.smallest ? next.smallest : size;
}

}  // namespace

#define HEAPDRIFT_NEW(symbol)                                             \
    HEAPDRIFT_EXPORT void* symbol(size_t size, Argument a, Argument b) {  \
        static constinit Provider provider;                               \
        if (const auto forwarding = as<NewFunction>(provider.forwarding)) \
            return forwarding(size, a, b);                                \
        return find_and_allocate(size, a, b, provider, #symbol);          \
    }

#define HEAPDRIFT_DELETE_AS(symbol, size_argument)                           \
    HEAPDRIFT_EXPORT void symbol(void* block, Argument a, Argument b) {      \
        static constinit Provider provider;                                  \
        if (const auto forwarding = as<DeleteFunction>(provider.forwarding)) \
            return forwarding(block, a, b);                                  \
        find_and_release(block, size_argument, b, provider, #symbol);        \
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
