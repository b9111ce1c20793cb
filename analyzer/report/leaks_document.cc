#include <algorithm>

#include "analyzer/report/document.h"

namespace heapdrift::report {

std::vector<const char*> LeaksDocument::unknown_signs() const {
    const auto any = [&](auto known) { return std::ranges::any_of(history.sites, known); };
    std::vector<const char*> unknown;
    if (!any([](const model::SiteHistory& site) { return site.signs.reachability.has_value(); }))
        unknown.push_back("reachability");
    if (!any([](const model::SiteHistory& site) { return site.signs.stale_share.has_value(); }))
        unknown.push_back("staleness");
    return unknown;
}

}  // namespace heapdrift::report
