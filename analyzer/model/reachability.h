// What a scan of the process's memory found of a site's live blocks, in LeakSanitizer's words.
#pragma once

#include <cstdint>

namespace heapdrift::model {

struct BlockCount {
    uint64_t blocks = 0;
    uint64_t bytes = 0;
};

struct Reachability {
    BlockCount directly_lost = {};    // nothing points at them
    BlockCount indirectly_lost = {};  // only lost blocks point at them
    BlockCount possibly_lost = {};    // only something into their middle, or just behind them
    BlockCount reachable = {};
    // A second scan found them lost too, or the program had come to its end. One scan of a running
    // program may miss a pointer that was on its way from one place to another.
    bool confirmed = false;

    uint64_t lost_blocks() const {
        return directly_lost.blocks + indirectly_lost.blocks + possibly_lost.blocks;
    }
};

}  // namespace heapdrift::model
