// A CUDA driver without a GPU: libcuda.so.1 for tests. It keeps books as the real one does: memory
// of several devices with limits, addresses that are given out again at once, pools that keep what
// was freed, handles with counts, contexts whose end frees. Its declarations are its own;
// abi_check.cc compares those that matter with cuda.h where there is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#define FAKE_EXPORT extern "C" __attribute__((visibility("default")))

namespace fake {

using Result = int;
inline constexpr Result kSuccess = 0;
inline constexpr Result kInvalidValue = 1;
inline constexpr Result kOutOfMemory = 2;
inline constexpr Result kNotInitialized = 3;
inline constexpr Result kDeinitialized = 4;
inline constexpr Result kInvalidDevice = 101;
inline constexpr Result kInvalidContext = 201;
inline constexpr Result kNotFound = 500;

using Pointer = unsigned long long;
using Handle = unsigned long long;

struct Context {
    int device;
    bool primary;
    int retained;
    int attached = 1;
};

enum class Kind { device, managed, pinned, pool, graph, imported };

struct Graph;
struct Pool {
    int device;
    uint64_t used = 0;
    uint64_t reserved = 0;
    bool destroyed = false;
};
struct Block {
    uint64_t size;
    Kind kind;
    int device;
    Context* context;  // whose end frees it, or none
    Pool* pool = nullptr;
    int opened = 1;
};
struct Stream {
    int device;
    Graph* capturing = nullptr;
};
struct Graph {
    std::vector<Pointer> pointers;
};
struct Memory {  // behind a handle
    uint64_t size;
    int device;
    int references = 1;
    int mappings = 0;  // and other uses that keep it
    bool multicast = false;
};
// A use of a handle's memory other than a mapping to addresses: an array's tile, a binding to a
// multicast object.
struct Use {
    uint64_t holder;
    uint64_t part;
    uint64_t offset;
    Handle handle;
};
struct Mapping {
    uint64_t size;
    Handle handle;
};
struct Array {
    Context* context;
};

// Everything, behind one lock.
struct Driver {
    std::mutex mutex;
    bool initialized = false;
    bool shut_down = false;
    int device_count = 1;
    uint64_t limit = uint64_t{16} << 30;  // of each device
    std::vector<uint64_t> used;           // of each device
    std::map<Pointer, Block> blocks;
    std::map<const void*, uint64_t> registered;
    std::vector<Context*> contexts;
    std::vector<Context*> primary;
    std::vector<Context*> greens;
    std::vector<Pool*> default_pools;
    std::map<Handle, Memory> memory;
    Handle next_handle = 1000;
    std::map<Pointer, Mapping> mappings;
    std::vector<Use> uses;
    std::map<Array*, uint64_t> arrays;
    Result next_free_fails_with = kSuccess;

    Driver();
    bool take(int device, uint64_t size);  // false: the device's memory is used up
    void give(int device, uint64_t size) { used[static_cast<size_t>(device)] -= size; }
    // The lowest free address, so that one that was freed comes back at once.
    Pointer find_address(int device, uint64_t size) const;
    Result free_block(Pointer pointer);
    void end_context(Context* context);
    void begin_use(const Use& use);
    // Of the holder, all of them or the one at this place.
    void end_uses(uint64_t holder);
    bool end_use(uint64_t holder, uint64_t part, uint64_t offset);
    void drop_if_unused(Handle handle);
    bool valid(int device) const { return device >= 0 && device < device_count; }
};

Driver& driver();
Context*& current();

}  // namespace fake
