// The modules that call stacks have reached. Found lazily, when a stack first leads through one:
// the thread that finds it has frames in it, so it cannot be unloaded meanwhile, and no walk of
// the loader's list, with its locks, is needed.
//
// An unload is noticed by the loader freeing its description of the module (struct link_map): that
// block is marked in the block table when the module is found.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/block_table.h"
#include "preload/sampler.h"
#include "preload/session_file.h"

namespace heapdrift {

struct ModuleInfo;

class ModuleList {
public:
    // Before anything else.
    void open(SessionFile& file, BlockTable& blocks, Sampler& sampler) {
        file_ = &file;
        blocks_ = &blocks;
        sampler_ = &sampler;
    }

    // The number of the loaded module that holds `address`; kNoModule for code outside all.
    uint32_t find(uint64_t address);

    // Called when a marked block is freed: the modules described there are gone. Their stacks'
    // nodes are not given out any more, their unwind rules are forgotten.
    void note_unload(uint64_t link_map);

    // Changes with each unload. Whoever remembers addresses compares it first.
    uint32_t generation() const { return generation_.load(std::memory_order_acquire); }

    // Whether a node of this module still means the same code.
    bool usable(uint32_t module) const {
        return generation() == 0 || module == kNoModule ||
               !entries_[module].unloaded.load(std::memory_order_relaxed);
    }

    void forget();

private:
    struct Entry {
        uint64_t start;
        uint64_t end;
        uint64_t link_map;
        std::atomic<bool> unloaded;
    };
    static constexpr uint32_t kMaxModules = 16384;

    uint32_t add(uint64_t address);
    void watch(uint64_t link_map);
    bool revive(const ModuleInfo& info, uint32_t& id);

    SessionFile* file_ = nullptr;
    BlockTable* blocks_ = nullptr;
    Sampler* sampler_ = nullptr;
    std::atomic<uint32_t> generation_{0};
    std::atomic<uint32_t> count_{0};
    Entry entries_[kMaxModules] = {};
};

}  // namespace heapdrift
