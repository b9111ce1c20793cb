// Flat tables for spreadsheets and scripts: a header line, then one line for each row.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "analyzer/report/document.h"

namespace heapdrift::report {

// Quoted where RFC 4180 asks for it.
std::string csv_field(std::string_view text);

// A stack is one field, "function;file;line|function;file;line", innermost first.
void write_report_csv(std::ostream& out, const ReportDocument& document);
void write_diff_csv(std::ostream& out, const DiffDocument& document);
void write_leaks_csv(std::ostream& out, const LeaksDocument& document);
void write_trend_csv(std::ostream& out, const TrendDocument& document);
// The table of snapshots.
void write_info_csv(std::ostream& out, const InfoDocument& document);

}  // namespace heapdrift::report
