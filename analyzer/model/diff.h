// What changed from OLD to NEW: two points of one session, or two sessions of different runs and
// different builds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/aggregate.h"

namespace heapdrift::model {

enum class OnlyIn { old_side, new_side, both };
const char* only_in_name(OnlyIn only_in);

struct DiffRow {
    std::string key;
    Figures old_figures;
    Figures new_figures;
    OnlyIn only_in = OnlyIn::both;
    // By traceback: a site to take the frames from, of NEW if it has one, else of OLD.
    std::optional<uint32_t> site;
    Domain domain = Domain::heap;

    int64_t delta(Column column) const {
        // Unsigned subtraction wraps to the right signed difference.
        return static_cast<int64_t>(value(new_figures, column) - value(old_figures, column));
    }
    bool unchanged() const { return old_figures == new_figures; }
};

// Stacks match frame by frame. A frame in a module of the same build-id on both sides, or in one
// session, matches by module offset: the same code. Another matches by function, file and module
// name, whatever its address and line: code moves from build to build. Where it has no symbol
// either, all such frames of a module are one.
std::vector<DiffRow> diff(const Profile& old_profile, const Profile& new_profile,
                          const Grouping& grouping);

// Descending by (|delta of bytes|, bytes, |delta of count|, count, key), as tracemalloc's
// compare_to does, for live bytes and live allocations.
void sort_rows(std::vector<DiffRow>& rows);

// The same order with another column in the place of live bytes.
void sort_rows(std::vector<DiffRow>& rows, Column column);

}  // namespace heapdrift::model
