// profile.proto, gzipped, for `go tool pprof`, Pyroscope, Parca and others. All profiles have the
// same four sample types, without which pprof could not compare or add two of them.
#pragma once

#include <ostream>

#include "analyzer/report/export/export_document.h"

namespace heapdrift::report {

void write_pprof(std::ostream& out, const ExportDocument& document);

// As pprof writes a comparison itself: OLD's samples negative and labelled pprof::base, so that
// shares are of OLD.
void write_pprof_diff(std::ostream& out, const ExportDocument& old_document,
                      const ExportDocument& new_document);

}  // namespace heapdrift::report
