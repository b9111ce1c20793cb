// Pinned host memory through an allocator that rounds each request up to a power of two.
#include <algorithm>
#include <bit>

#include "analyzer/model/place.h"
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "pinned-rounding";
// Of PyTorch: rounds so that blocks can be used again; what was asked for is not told to the
// driver.
constexpr const char* kRoundingAllocator = "CachingHostAllocator";

bool passes_allocator(const Profile& profile, const Site& site) {
    return std::ranges::any_of(frames_of_site(profile, site), [](const Frame& frame) {
        return frame.function.find(kRoundingAllocator) != std::string::npos;
    });
}

// A sum of n powers of two has at most n bits; what is not rounded has more, unless n is large.
bool may_be_powers_of_two(const Figures& figures) {
    return static_cast<uint64_t>(std::popcount(figures.live_bytes)) <= figures.live_allocations;
}

}  // namespace

void judge_pinned_rounding(const Subject& subject, Findings& findings) {
    for (const Site& site : subject.profile.sites) {
        const auto bytes = static_cast<double>(site.figures.live_bytes);
        if (site.domain != Domain::cuda_pinned || bytes < kLargeSite ||
            !may_be_powers_of_two(site.figures) || !passes_allocator(subject.profile, site))
            continue;
        findings.add({.rule = kRule,
                      .severity = Severity::low,
                      .site = site.id,
                      .finding = "Pinned host memory is rounded up to powers of two: of each block "
                                 "nearly half may be unused",
                      .evidence = {{"live_bytes", bytes, Unit::bytes},
                                   {"blocks", static_cast<double>(site.figures.live_allocations),
                                    Unit::count}},
                      .gain = Quantity{"pinned_memory", bytes / 2, Unit::bytes},
                      .action = "Pin buffers whose size is just below a power of two, or one large "
                                "buffer and take slices of it; or register memory of the program's "
                                "own (cudaHostRegister), which is not rounded"});
    }
}

}  // namespace heapdrift::model
