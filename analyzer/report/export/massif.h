// massif.out, for ms_print and massif-visualizer: live bytes over time, with the call stacks behind
// them at the high-water mark, at the end and at every tenth snapshot.
#pragma once

#include <ostream>

#include "analyzer/report/export/export_document.h"

namespace heapdrift::report {

void write_massif(std::ostream& out, const ExportDocument& document);

}  // namespace heapdrift::report
