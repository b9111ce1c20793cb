// What a path of frames, from a root inwards, is told by: 128 bits, of which a table of sites keeps
// 96. Two stacks for which these are equal are taken for one, so that a stack that was seen before
// is known without reading its frames' nodes, each of them a miss of the cache.
//
// That n different stacks are all told apart fails with a probability of n^2 / 2^97: 6 * 10^-18 at
// 10^6 stacks, 6 * 10^-16 at 10^7, which is far less than that a bit of memory turns over
// meanwhile. It holds for every program, as the factors are drawn anew in each process. The two
// halves do not know of each other; each step is reversible for a given frame, so that paths that
// differ further out go on to differ, however many frames they have in common from there inwards.
#pragma once

#include <cstdint>

#include "core/session_format.h"

namespace heapdrift {

struct PathHash {
    uint64_t place;  // where a PathIndex has the path, and which of it is compared there
    uint64_t check;  // compared in the site's cell

    bool operator==(const PathHash&) const = default;
};

class PathHasher {
public:
    // Draws the factors. Before the first path: until then all paths are alike.
    void seed();

    PathHash of_root(Domain domain, Scope scope, StackEnd end) const {
        return child({0, 0}, uint64_t{scope} << 16 | static_cast<uint64_t>(domain) << 8 |
                                 static_cast<uint64_t>(end));
    }
    PathHash of_child(const PathHash& parent, uint64_t address, FrameKind kind) const {
        constexpr uint32_t kAboveAddresses = 56;
        return child(parent, address ^ static_cast<uint64_t>(kind) << kAboveAddresses);
    }

private:
    // The bytes are reversed so that those bits, the high ones, that depend on all others are
    // spread by the next factor. It does not wait for the parent.
    PathHash child(const PathHash& parent, uint64_t frame) const {
        const uint64_t mixed = __builtin_bswap64(frame * frame_factor_);
        return {half((parent.place ^ mixed) * place_factor_),
                half((parent.check ^ mixed) * check_factor_)};
    }
    static uint64_t half(uint64_t product) { return product ^ product >> 32; }

    // Odd.
    uint64_t frame_factor_ = 0;
    uint64_t place_factor_ = 0;
    uint64_t check_factor_ = 0;
};

}  // namespace heapdrift
