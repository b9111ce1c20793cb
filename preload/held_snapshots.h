// Which snapshots are held, as a thread last saw it: what its logs must keep. A snapshot that was
// dropped since still counts as held, which is safe.
#pragma once

#include <cstdint>

#include "core/session_format.h"

namespace heapdrift {

class HeldSnapshots {
public:
    // Looks again if a snapshot was opened since. Whether one has gone since the last look.
    bool refresh(const Header& header, uint32_t epoch);

    // Whether the values of a cell from behind `since` up to `until` (epochs) are still asked for.
    bool any_between(uint32_t since, uint32_t until) const {
        return any_between(numbers_, count_, since, until);
    }
    // Whether blocks born in the one generation and freed in the other are told apart.
    bool any_generation_between(uint32_t born, uint32_t freed) const {
        return any_between(generations_, scheduled_, born, freed);
    }

private:
    static bool any_between(const uint32_t* ascending, uint32_t count, uint32_t after, uint32_t to);

    uint32_t epoch_;
    uint32_t count_;
    uint32_t scheduled_;
    uint32_t numbers_[kMaxSnapshots];      // ascending
    uint32_t generations_[kMaxScheduled];  // that scheduled ones opened, ascending
};

}  // namespace heapdrift
