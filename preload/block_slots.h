// What a block's record looks like in the slots of the block table.
//
//   short  1 slot   |bit 0: 1|size 6|generation 10|site 15|
//   wide   head          |bits 0-1: 10|in plane B 1|watched 1|huge 1|0|site 26|
//          continuation  |bits 0-1: 00|generation 10|low 20 bits of the size|
//          if huge       |bits 0-1: 00|high 30 bits of the size|
#pragma once

#include <cstdint>

#include "core/ids.h"

namespace heapdrift::slots {

inline constexpr uint32_t kTagMask = 3;
inline constexpr uint32_t kShort = 1;
inline constexpr uint32_t kShortSizeBits = 6;
inline constexpr uint32_t kShortMaxSize = (1u << kShortSizeBits) - 1;
inline constexpr uint32_t kShortSiteBits = 15;
inline constexpr uint32_t kWide = 2;
inline constexpr uint32_t kInPlaneB = 1u << 2;
inline constexpr uint32_t kWatched = 1u << 3;
inline constexpr uint32_t kHuge = 1u << 4;
inline constexpr uint32_t kSiteShift = 6;
inline constexpr uint32_t kLowSizeBits = 20;
inline constexpr uint64_t kLowSizeMask = (1u << kLowSizeBits) - 1;
inline constexpr uint32_t kGenerationMask = (1u << 10) - 1;

// Empty, or left over from a wide record that is gone: its head was cleared, which says enough.
inline bool is_free(uint32_t slot) {
    return (slot & kTagMask) == 0;
}
inline bool fits_short(SiteId site, uint64_t size) {
    return (size >> kShortSizeBits | raw(site) >> kShortSiteBits) == 0;
}
inline uint32_t short_slot(SiteId site, uint32_t generation, uint64_t size) {
    return kShort | static_cast<uint32_t>(size) << 1 | generation << 7 | raw(site) << 17;
}
inline uint32_t wide_head(SiteId site) {
    return kWide | raw(site) << kSiteShift;
}
inline uint32_t continuation(uint32_t generation, uint64_t size) {
    return generation << 2 | static_cast<uint32_t>(size) << 12;
}
// shift: of an address, to the number of its slot among those that blocks may have.
inline bool covers_next_slot(uint64_t address, uint64_t size, uint32_t shift) {
    return (address & ((uint64_t{1} << shift) - 1)) + size >= 64;
}

}  // namespace heapdrift::slots
