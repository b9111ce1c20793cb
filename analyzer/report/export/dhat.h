// DHAT's JSON, version 2, for valgrind's dh_view.html and the Firefox Profiler.
//
// What DHAT counts and a session does not hold is taken from the snapshots, so it is as fine as
// they are: a stack's maximum is the greatest of them (at least that much), and the lifetimes of
// its blocks, whose sum is the integral of live allocations over time, miss blocks that lived
// between two of them. The "cmd" says so.
#pragma once

#include <ostream>

#include "analyzer/report/export/export_document.h"

namespace heapdrift::report {

void write_dhat(std::ostream& out, const ExportDocument& document);

}  // namespace heapdrift::report
