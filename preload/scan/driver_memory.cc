#include "preload/scan/driver_memory.h"

#include "preload/recorder.h"
#include "preload/text.h"

namespace heapdrift::scan {
namespace {

bool is_finished(const Module& module) {
    return module.path_size.load(std::memory_order_relaxed) != 0;
}

bool is_driver(const Module& module) {
    return is_finished(module) && text_starts(base_name(module.path), "libcuda.so");
}

// Allocates in the name of whoever called operator new.
bool allocates_for_others(const Module& module) {
    return is_finished(module) && (text_starts(base_name(module.path), "libstdc++.so") ||
                                   text_starts(base_name(module.path), "libc++.so") ||
                                   text_starts(base_name(module.path), "libc++abi.so"));
}

}  // namespace

bool DriverMemory::is_of_driver(uint32_t site) const {
    uint32_t id = recorder.file.site(site).node.load(std::memory_order_relaxed);
    while (id != 0) {
        const Node& node = recorder.file.node(id);
        if (node.address == 0 || node.module == kNoModule) return false;
        const Module& module = recorder.file.module(node.module);
        if (!allocates_for_others(module)) return is_driver(module);
        id = node.parent;
    }
    return false;
}

bool DriverMemory::find(const DeviceObjects& devices) {
    if (devices.objects().count() == 0) return true;
    const uint32_t modules = recorder.file.control().module_count.load(std::memory_order_relaxed);
    for (uint32_t id = 0; id < modules; ++id)
        if (const Module& module = recorder.file.module(id);
            is_driver(module) && module.unloaded_ns.load(std::memory_order_relaxed) == 0)
            ranges_.add({module.start, module.end});
    const uint32_t sites = recorder.file.control().site_count.load(std::memory_order_relaxed) + 1;
    of_driver_ = static_cast<uint64_t*>(map_pages((sites / 64 + 1) * sizeof(uint64_t)));
    if (of_driver_ == nullptr) return false;
    sites_ = sites;
    for (uint32_t site = 1; site < sites; ++site)
        if (is_of_driver(site)) of_driver_[site / 64] |= uint64_t{1} << site % 64;
    recorder.mappings.for_each([&](uint64_t start, uint64_t end, SiteId site) {
        // Pinned and managed memory is the program's, whoever mapped it.
        if (has_blocks_of(raw(site)) && !devices.overlaps(start, end)) ranges_.add({start, end});
    });
    sort(ranges_, [](const Range& a, const Range& b) { return a.start < b.start; });
    return !ranges_.failed();
}

}  // namespace heapdrift::scan
