#include "preload/module_list.h"

#include <link.h>

#include "preload/unwind/module_info.h"
#include "preload/unwind/rule_table.h"

namespace heapdrift {

uint32_t ModuleList::find(uint64_t address) {
    const uint32_t count = count_.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < count; ++i) {
        const Entry& entry = entries_[i];
        if (address >= entry.start && address < entry.end &&
            !entry.unloaded.load(std::memory_order_relaxed))
            return i;
    }
    return add(address);
}

// A module that was unloaded and is back at the same place is the one it was: a program that loads
// and unloads a plugin all the time makes no new modules, nodes or sites. Told by build-id alone,
// as another file may have taken the path.
bool ModuleList::revive(const ModuleInfo& info, uint32_t& id) {
    if (info.build_id_size == 0 || generation() == 0) return false;
    const uint32_t count = count_.load(std::memory_order_acquire);
    for (id = 0; id < count; ++id) {
        Entry& entry = entries_[id];
        if (entry.start != info.start || entry.end != info.end ||
            !entry.unloaded.load(std::memory_order_relaxed))
            continue;
        Module& module = file_->module(id);
        if (module.load_bias != info.load_bias || module.build_id_size != info.build_id_size ||
            __builtin_memcmp(module.build_id, info.build_id, info.build_id_size) != 0)
            continue;
        module.unloaded_ns.store(0, std::memory_order_relaxed);
        entry.link_map = reinterpret_cast<uint64_t>(info.loaded);
        entry.unloaded.store(false, std::memory_order_relaxed);
        watch(entry.link_map);
        return true;
    }
    return false;
}

// Two threads that find a module at the same time enter it twice; the analyzer takes modules with
// one build-id, or one path, for one.
uint32_t ModuleList::add(uint64_t address) {
    ModuleInfo info;
    if (!find_module_info(address, info)) return kNoModule;
    uint32_t revived = 0;
    if (revive(info, revived)) return revived;
    const Numbered<Module> added = file_->add_module();
    if (added.record == nullptr || added.id >= kMaxModules) return kNoModule;
    Module& module = *added.record;
    module.start = info.start;
    module.end = info.end;
    module.load_bias = info.load_bias;
    module.loaded_ns = file_->since_start_ns();
    module.flags = info.path_cut ? kModulePathCut : 0;
    module.build_id_size = info.build_id_size;
    for (uint32_t i = 0; i < info.build_id_size; ++i) module.build_id[i] = info.build_id[i];
    for (uint32_t i = 0; i < info.path_size; ++i) module.path[i] = info.path[i];
    // Release: pairs with the reader's acquire of path_size.
    module.path_size.store(info.path_size, std::memory_order_release);

    Entry& entry = entries_[added.id];
    entry.start = info.start;
    entry.end = info.end;
    entry.link_map = reinterpret_cast<uint64_t>(info.loaded);
    // Release: pairs with the acquire in find. Ids are dense, but another thread may still be
    // filling an earlier one: its range is empty until then.
    uint32_t count = count_.load(std::memory_order_relaxed);
    while (count <= added.id &&
           !count_.compare_exchange_weak(count, added.id + 1, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
    // The block exists and stays: this thread has frames in the module.
    watch(entry.link_map);
    return added.id;
}

// In sampled mode the block is hardly ever recorded. Then a record that counts nothing is entered;
// its size says only that it may take two slots.
void ModuleList::watch(uint64_t link_map) {
    if (blocks_->watch(link_map) || sampler_->exact()) return;
    blocks_->put(link_map, {kWatchOnly, 0, sizeof(struct link_map), true});
    sampler_->note(link_map);
}

void ModuleList::note_unload(uint64_t link_map) {
    const uint32_t count = count_.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < count; ++i) {
        Entry& entry = entries_[i];
        if (entry.link_map != link_map || entry.unloaded.load(std::memory_order_relaxed)) continue;
        entry.unloaded.store(true, std::memory_order_relaxed);
        file_->module(i).unloaded_ns.store(file_->since_start_ns(), std::memory_order_relaxed);
        rule_table.retire(entry.start, entry.end);
    }
    // Release: pairs with the acquire in generation(). No zero, which says that nothing was
    // unloaded.
    uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
    generation_.store(generation == 0 ? 1 : generation, std::memory_order_release);
}

void ModuleList::forget() {
    const uint32_t count = count_.load(std::memory_order_relaxed);
    for (uint32_t i = 0; i < count; ++i) {
        entries_[i].start = entries_[i].end = entries_[i].link_map = 0;
        entries_[i].unloaded.store(false, std::memory_order_relaxed);
    }
    count_.store(0, std::memory_order_relaxed);
    generation_.store(0, std::memory_order_relaxed);
}

}  // namespace heapdrift
