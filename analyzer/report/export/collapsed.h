// Collapsed stacks, one line each: "outermost;…;innermost FIGURE", for flamegraph.pl, inferno,
// speedscope and others. Their format has no comments: an estimate cannot be marked.
#pragma once

#include <ostream>

#include "analyzer/report/document.h"
#include "analyzer/report/export/export_document.h"

namespace heapdrift::report {

void write_collapsed(std::ostream& out, const ExportDocument& document, model::Column column);

// "stack OLD NEW", as difffolded.pl and inferno-diff-folded write it. The document is by traceback.
void write_collapsed_diff(std::ostream& out, const DiffDocument& document, model::Column column);

}  // namespace heapdrift::report
