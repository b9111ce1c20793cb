// What the writers of suggestions are given, and they.
#pragma once

#include <algorithm>
#include <ostream>

#include "analyzer/model/profile.h"
#include "analyzer/model/suggestions/suggestion.h"
#include "analyzer/model/suppression.h"
#include "analyzer/report/colour.h"

namespace heapdrift::report {

struct SuggestDocument {
    const model::Profile& profile;  // at the last snapshot that was judged
    model::Findings findings;
    model::Suppressions suppressions;  // with the hits among the leaks
    size_t top = 0;
    size_t frames = 0;
    bool filtered = false;

    const model::Site& site_of(const model::Suggestion& suggestion) const {
        return *std::ranges::find(profile.sites, *suggestion.site, &model::Site::id);
    }
};

void write_suggest_text(std::ostream& out, const SuggestDocument& document, const Palette& palette);
void write_suggest_json(std::ostream& out, const SuggestDocument& document);

}  // namespace heapdrift::report
