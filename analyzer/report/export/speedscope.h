// speedscope's own format (https://www.speedscope.app/file-format-schema.json): one of its profiles
// for each figure and kind of memory.
#pragma once

#include <ostream>

#include "analyzer/report/document.h"
#include "analyzer/report/export/export_document.h"

namespace heapdrift::report {

void write_speedscope(std::ostream& out, const ExportDocument& document);

// speedscope takes no negative weights: what grew and what shrank are profiles of their own. The
// document is by traceback.
void write_speedscope_diff(std::ostream& out, const DiffDocument& document);

}  // namespace heapdrift::report
