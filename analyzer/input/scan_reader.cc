#include "analyzer/input/scan_reader.h"

#include <algorithm>

namespace heapdrift::input {

namespace {

double to_seconds(uint64_t ns) {
    return static_cast<double>(ns) * 1e-9;
}

model::Reachability to_model(const ScanCounts (&kinds)[kReachKinds]) {
    model::Reachability reach;
    for (size_t i = 0; i < kReachKinds; ++i) reach.kinds[i] = {kinds[i].blocks, kinds[i].bytes};
    return reach;
}

model::Scan to_model(const ScanDescriptor& descriptor) {
    model::Scan scan;
    scan.number = descriptor.number;
    scan.occasion =
        descriptor.occasion == ScanOccasion::exit ? ScanOccasion::exit : ScanOccasion::requested;
    scan.seconds = to_seconds(descriptor.time_ns);
    scan.confirmed = (descriptor.flags & kScanConfirmed) != 0;
    scan.gaps = (descriptor.flags & kScanGaps) != 0;
    scan.uncertain = (descriptor.flags & kScanUncertain) != 0;
    scan.other_allocator = (descriptor.flags & kScanOtherAllocator) != 0;
    scan.threads = descriptor.threads;
    scan.unknown_threads = descriptor.unknown_threads;
    scan.held_seconds = to_seconds(descriptor.held_ns);
    scan.scan_seconds = to_seconds(descriptor.scan_ns);
    scan.memory_bytes = descriptor.memory_bytes;
    scan.root_bytes = descriptor.root_bytes;
    scan.block_bytes = descriptor.block_bytes;
    scan.skipped_bytes = descriptor.skipped_bytes;
    scan.skipped_blocks = descriptor.skipped_blocks;
    scan.totals = to_model(descriptor.totals);
    scan.devices = (descriptor.flags & kScanDevices) != 0;
    scan.devices_unseen = (descriptor.flags & kScanDevicesUnseen) != 0;
    scan.device_totals = to_model(descriptor.device_totals);
    return scan;
}

bool is_complete(const ScanDescriptor& descriptor) {
    // Acquire: pairs with the scan's release, its last store to the segment.
    return descriptor.state.load(std::memory_order_acquire) == ScanState::complete;
}

// What tells results apart, copied: the segments may be written meanwhile.
struct Candidate {
    uint32_t number;
    // Both passes of a scan have its number; the second, confirmed one says more.
    bool confirmed;
    const ScanDescriptor* descriptor;

    bool is_later_than(const Candidate& other) const {
        return number != other.number ? number > other.number : confirmed && !other.confirmed;
    }
};

bool of_one_scan(const ScanDescriptor& a, const ScanDescriptor& b) {
    return a.number == b.number && a.time_ns == b.time_ns && a.parts == b.parts;
}

// False when it was rewritten meanwhile, or is not whole.
bool read(const SessionView& view, const std::vector<const ScanSegment*>& segments,
          const ScanDescriptor& chosen, ScanResult& result) {
    result.scan = to_model(chosen);
    result.sites.assign(view.site_limit(), {});
    const uint32_t parts = chosen.parts;
    uint32_t found = 0;
    for (const ScanSegment* segment : segments) {
        if (!is_complete(segment->scan) || !of_one_scan(segment->scan, chosen)) continue;
        const uint32_t rows = std::min(segment->scan.rows, kScanRowsPerSegment);
        for (uint32_t i = 0; i < rows; ++i) {
            const ScanRow& row = segment->rows[i];
            const uint32_t site = row.site;
            if (site < result.sites.size()) result.sites[site] = to_model(row.kinds);
        }
        std::atomic_thread_fence(std::memory_order_acquire);
        // By then it may be complete again, as part of another scan.
        if (segment->scan.state.load(std::memory_order_relaxed) != ScanState::complete ||
            segment->scan.number != result.scan.number)
            return false;
        ++found;
    }
    return found == parts;
}

}  // namespace

std::optional<ScanResult> read_last_scan(const SessionView& view) {
    const std::vector<const ScanSegment*> segments = view.scans();
    std::vector<Candidate> results;
    for (const ScanSegment* segment : segments)
        if (is_complete(segment->scan))
            results.push_back({segment->scan.number, (segment->scan.flags & kScanConfirmed) != 0,
                               &segment->scan});
    std::ranges::stable_sort(
        results, [](const Candidate& a, const Candidate& b) { return a.is_later_than(b); });
    // The last may be half written, or half overwritten: then the one before it is whole. A made-up
    // file may claim any number of them.
    constexpr size_t kMost = 8;
    const ScanDescriptor* tried = nullptr;
    size_t tries = 0;
    for (const Candidate& candidate : results) {
        if (tried != nullptr && of_one_scan(*tried, *candidate.descriptor)) continue;
        if (tries++ == kMost) break;
        tried = candidate.descriptor;
        ScanResult result;
        if (read(view, segments, *candidate.descriptor, result)) return result;
    }
    return std::nullopt;
}

}  // namespace heapdrift::input
