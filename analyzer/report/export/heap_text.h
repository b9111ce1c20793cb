// The text of gperftools' heap profiler, for google-pprof and `go tool pprof`: addresses without
// names, and the modules that they lie in. Figures of a sampled session are written scaled up and
// with the type "heapprofile", which readers take as it stands.
#pragma once

#include <ostream>

#include "analyzer/report/export/export_document.h"

namespace heapdrift::report {

void write_heap_text(std::ostream& out, const ExportDocument& document);

}  // namespace heapdrift::report
