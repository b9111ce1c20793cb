// What the writers are given: a profile or two with the rows that were asked for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "analyzer/model/aggregate.h"
#include "analyzer/model/diff.h"
#include "analyzer/model/leak_score.h"
#include "analyzer/model/profile.h"
#include "analyzer/model/run_history.h"
#include "analyzer/model/suppression.h"

namespace heapdrift::report {

struct ReportDocument {
    const model::Profile& profile;
    model::Grouping grouping;
    model::Column column = model::Column::live_bytes;
    bool column_chosen = false;    // by the user: text then shows the rows by it alone
    std::vector<model::Row> rows;  // sorted by column, without those below the least size
    uint64_t rows_below_minimum = 0;
    uint64_t minimum_bytes = 0;
    size_t top = 0;     // rows to show, 0 for all
    size_t frames = 0;  // frames of a stack to show, 0 for all
    bool filtered = false;
    bool outside_totals = false;  // the filter chose only domains that are no part of totals

    bool by_traceback() const { return grouping.group_by == model::GroupBy::traceback; }
    // What the head and the shares of rows speak of.
    model::Totals shown_totals() const {
        return outside_totals ? model::totals_outside(profile) : model::totals(profile);
    }
    bool by_thread() const { return grouping.group_by == model::GroupBy::thread; }
};

struct DiffDocument {
    const model::Profile& old_profile;
    const model::Profile& new_profile;
    model::Grouping grouping;
    model::Column column = model::Column::live_bytes;
    std::vector<model::DiffRow> rows;
    uint64_t rows_below_minimum = 0;
    uint64_t minimum_bytes = 0;
    size_t top = 0;
    size_t frames = 0;
    bool filtered = false;
    bool outside_totals = false;  // the filter chose only domains that are no part of totals

    bool by_traceback() const { return grouping.group_by == model::GroupBy::traceback; }
    model::Totals shown_totals(const model::Profile& profile) const {
        return outside_totals ? model::totals_outside(profile) : model::totals(profile);
    }
    const model::Profile& side_of(const model::DiffRow& row) const {
        return row.only_in == model::OnlyIn::old_side ? old_profile : new_profile;
    }
};

struct LeaksDocument {
    const model::Profile& profile;  // at the last snapshot that was judged
    const model::History& history;
    std::vector<model::LeakScore> leaks;  // at or above least_score, the most sure first
    model::IgnoredSites ignored;          // by the program: not judged
    std::optional<size_t> explained;      // rank of the one to show alone, with all evidence
    double least_score = 0;
    model::Suppressions suppressions = {};  // with the hits among the leaks
    size_t top = 0;
    size_t frames = 0;
    bool filtered = false;

    const model::Site& site_of(const model::LeakScore& leak) const {
        return *std::ranges::find(profile.sites, leak.site, &model::Site::id);
    }
    bool is_shown(size_t index) const {
        return explained ? index + 1 == *explained : top == 0 || index < top;
    }
    // Signs that no site of this session has: said, so that their absence is no evidence.
    std::vector<const char*> unknown_signs() const;
};

struct TrendDocument {
    struct Run {
        model::Profile profile;  // at the last snapshot
        model::History history;
        model::TrendTable table;
    };
    std::vector<Run> runs;  // by the time of their start
    model::GroupBy group_by = model::GroupBy::traceback;
    std::vector<model::RunRow> joined;        // of several runs
    std::optional<model::Forecast> forecast;  // of the last run
    model::Suppressions suppressions;         // with the hits in all runs
    bool limit_of_container = false;          // where the forecast's limit comes from
    size_t top = 0;
    size_t frames = 0;
    bool filtered = false;

    bool by_traceback() const { return group_by == model::GroupBy::traceback; }
};

inline size_t shown(size_t rows, size_t top) {
    return top == 0 || top > rows ? rows : top;
}

}  // namespace heapdrift::report
