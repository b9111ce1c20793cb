#include "preload/scan/result_segments.h"

#include "preload/page_memory.h"
#include "preload/recorder.h"

namespace heapdrift::scan {

bool ResultSegments::reserve() {
    const uint32_t sites = recorder.file.control().site_count.load(std::memory_order_relaxed);
    const uint32_t wanted = sites / kScanRowsPerSegment + 2;
    Set& set = sets_[next_];
    if (set.segments == nullptr) {
        constexpr size_t kBytes = SessionFile::kMaxScanSegments * sizeof(void*);
        set.segments = static_cast<ScanSegment**>(map_pages(kBytes));
        if (set.segments == nullptr) return false;
    }
    for (; set.count < wanted; ++set.count) {
        ScanSegment* segment = recorder.file.add_scan_segment();
        if (segment == nullptr) return false;
        set.segments[set.count] = segment;
    }
    return true;
}

}  // namespace heapdrift::scan
