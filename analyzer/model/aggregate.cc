#include "analyzer/model/aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "analyzer/model/failure.h"

namespace heapdrift::model {

namespace {

bool by_place(GroupBy group_by) {
    return group_by == GroupBy::lineno || group_by == GroupBy::filename ||
           group_by == GroupBy::function || group_by == GroupBy::module;
}

std::vector<Row> by_traceback(const Profile& profile) {
    std::vector<Row> rows;
    rows.reserve(profile.sites.size());
    for (uint32_t i = 0; i < profile.sites.size(); ++i) {
        Row row;
        row.figures = profile.sites[i].figures;
        row.sites = 1;
        row.site = i;
        row.domain = profile.sites[i].domain;
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Row> by_domain(const Profile& profile) {
    std::vector<Row> rows(kDomainCount);
    for (const Site& site : profile.sites) {
        Row& row = rows[static_cast<size_t>(site.domain)];
        row.figures += site.figures;
        ++row.sites;
    }
    for (uint32_t i = 0; i < kDomainCount; ++i) {
        rows[i].domain = static_cast<Domain>(i);
        rows[i].key = domain_name(rows[i].domain);
    }
    std::erase_if(rows, [](const Row& row) { return row.sites == 0; });
    return rows;
}

std::vector<Row> by_thread(const Profile& profile) {
    std::vector<Row> rows;
    for (const Thread& thread : profile.threads) {
        Row row;
        row.key = thread.tid == 0 ? "threads beyond the limit"
                                  : fmt::format("{} ({})", thread.tid, thread.name);
        row.figures.allocations = thread.allocations;
        row.figures.allocated_bytes = thread.allocated_bytes;
        row.figures.deallocations = thread.deallocations;
        if (profile.session.mode == Mode::sampled)
            row.figures.sampling_interval = profile.session.sampling_interval_bytes;
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Row> by_place(const Profile& profile, const Grouping& grouping) {
    const PlaceIndex index(profile, grouping.group_by);
    std::vector<Row> rows(index.size());
    std::vector<uint32_t> places;
    const bool only_others = std::ranges::none_of(
        profile.sites, [](const Site& site) { return domain_in_total(site.domain); });
    for (const Site& site : profile.sites) {
        if (!only_others && !domain_in_total(site.domain)) continue;
        index.places_of(site, grouping.cumulative, places);
        for (const uint32_t place : places) {
            rows[place].figures += site.figures;
            ++rows[place].sites;
        }
    }
    for (uint32_t i = 0; i < rows.size(); ++i) rows[i].key = index.key(i);
    std::erase_if(rows, [](const Row& row) { return row.sites == 0; });
    return rows;
}

}  // namespace

uint64_t value(const Figures& figures, Column column) {
    switch (column) {
        case Column::live_bytes:
            return figures.live_bytes;
        case Column::live_allocations:
            return figures.live_allocations;
        case Column::allocations:
            return figures.allocations;
        case Column::allocated_bytes:
            return figures.allocated_bytes;
        case Column::deallocations:
            return figures.deallocations;
        case Column::temporary:
            return figures.temporary;
        case Column::reallocations:
            return figures.reallocations;
        case Column::peak_live_bytes:
            return figures.peak_live_bytes;
    }
    return 0;
}

void check(const Grouping& grouping) {
    if (grouping.cumulative && !by_place(grouping.group_by))
        throw UsageFailure(fmt::format(
            "--cumulative counts each place on a stack: it goes with --group-by lineno, "
            "filename, function or module, not with {}",
            kGroupByNames[static_cast<size_t>(grouping.group_by)]));
}

std::vector<Row> aggregate(const Profile& profile, const Grouping& grouping) {
    switch (grouping.group_by) {
        case GroupBy::traceback:
            return by_traceback(profile);
        case GroupBy::domain:
            return by_domain(profile);
        case GroupBy::thread:
            return by_thread(profile);
        default:
            return by_place(profile, grouping);
    }
}

void sort_rows(std::vector<Row>& rows, Column column) {
    const auto rank = [column](const Row& row) {
        return std::tuple(value(row.figures, column), row.figures.live_bytes,
                          row.figures.live_allocations, std::string_view(row.key));
    };
    std::ranges::stable_sort(rows, [&](const Row& a, const Row& b) { return rank(a) > rank(b); });
}

}  // namespace heapdrift::model
