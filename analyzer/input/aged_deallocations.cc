#include "analyzer/input/aged_deallocations.h"

#include <atomic>

namespace heapdrift::input {

std::vector<AgedCount> aged_deallocations(const SessionView& view) {
    std::vector<AgedCount> counts;
    for (const PageRef& page : view.pages()) {
        if (page.kind != PageKind::aged) continue;
        for (uint32_t i = 0; i < kAgedPerPage; ++i) {
            const AgedDeallocations& entry = page.aged(i);
            // Acquire: pairs with the recorder's release of the key, its last store to an entry.
            const uint64_t key = entry.key.load(std::memory_order_acquire);
            if (key == 0 || aged_site(key) >= view.site_limit()) continue;
            const AgedCount count{aged_site(key), aged_born(key), aged_freed(key),
                                  entry.deallocations.load(std::memory_order_relaxed),
                                  entry.deallocated_bytes.load(std::memory_order_relaxed)};
            std::atomic_thread_fence(std::memory_order_acquire);
            // An entry that is being reused was of no use any more.
            if (entry.key.load(std::memory_order_relaxed) != key || count.born >= count.freed)
                continue;
            counts.push_back(count);
        }
    }
    return counts;
}

}  // namespace heapdrift::input
