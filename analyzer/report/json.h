// The machine output of each command. schema/<command>.json describes it.
#pragma once

#include <ostream>

#include "analyzer/report/document.h"

namespace heapdrift::report {

void write_report_json(std::ostream& out, const ReportDocument& document);
void write_diff_json(std::ostream& out, const DiffDocument& document);
void write_leaks_json(std::ostream& out, const LeaksDocument& document);
void write_trend_json(std::ostream& out, const TrendDocument& document);
void write_info_json(std::ostream& out, const InfoDocument& document);
// Everything that the session says at one point: the report's document by traceback, with
// snapshots, modules and threads.
void write_export_json(std::ostream& out, const ReportDocument& document);

}  // namespace heapdrift::report
