#include "preload/cuda/array_size.h"

namespace heapdrift::cuda {
namespace {

struct FormatRange {
    int first;
    int last;
    unsigned bytes;  // of a channel; of a block of 4 x 4 elements
};

constexpr FormatRange kChannels[] = {
    {0x01, 0x01, 1}, {0x02, 0x02, 2}, {0x03, 0x03, 4},                   // unsigned
    {0x08, 0x08, 1}, {0x09, 0x09, 2}, {0x0a, 0x0a, 4},                   // signed
    {0x10, 0x10, 2}, {0x20, 0x20, 4},                                    // floating point
    {0xc0, 0xc2, 1}, {0xc3, 0xc5, 2}, {0xc6, 0xc8, 1}, {0xc9, 0xcb, 2},  // normalized
};
constexpr FormatRange kBlocks[] = {
    {0x91, 0x92, 8},
    {0x93, 0x96, 16},  // BC1 to BC3
    {0x97, 0x98, 8},
    {0x99, 0x9e, 16},  // BC4 to BC7
};
constexpr int kNv12 = 0xb0;
constexpr int kPacked1010102 = 0x50;

template <size_t Count>
unsigned find(const FormatRange (&ranges)[Count], int format) {
    for (const FormatRange& range : ranges)
        if (format >= range.first && format <= range.last) return range.bytes;
    return 0;
}

uint64_t at_least_one(uint64_t size) {
    return size == 0 ? 1 : size;
}

uint64_t level_size(const Array3dDescription& description, uint64_t width, uint64_t height,
                    uint64_t depth) {
    const uint64_t elements = width * height * depth;
    if (const unsigned bytes = find(kChannels, description.format); bytes != 0)
        return elements * bytes * at_least_one(description.channels);
    if (const unsigned bytes = find(kBlocks, description.format); bytes != 0)
        return (width + 3) / 4 * ((height + 3) / 4) * depth * bytes;
    if (description.format == kNv12) return elements * 3 / 2;
    if (description.format == kPacked1010102) return elements * 4;
    return 0;
}

}  // namespace

uint64_t array_size(const Array3dDescription& description, unsigned levels) {
    if ((description.flags & (kSparseArray | kDeferredArray)) != 0) return 0;
    uint64_t width = at_least_one(description.width);
    uint64_t height = at_least_one(description.height);
    uint64_t depth = at_least_one(description.depth);
    // Layers do not become fewer from level to level.
    const bool layered = (description.flags & kLayeredArray) != 0;
    uint64_t size = 0;
    for (unsigned level = 0; level < levels && level < 64; ++level) {
        size += level_size(description, width, height, depth);
        width = at_least_one(width / 2);
        height = at_least_one(height / 2);
        if (!layered) depth = at_least_one(depth / 2);
    }
    return size;
}

}  // namespace heapdrift::cuda
