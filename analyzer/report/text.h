// Reports for people.
#pragma once

#include <ostream>

#include "analyzer/report/colour.h"
#include "analyzer/report/document.h"

namespace heapdrift::report {

void write_report_text(std::ostream& out, const ReportDocument& document, const Palette& palette);
void write_diff_text(std::ostream& out, const DiffDocument& document, const Palette& palette);
void write_leaks_text(std::ostream& out, const LeaksDocument& document, const Palette& palette);
void write_trend_text(std::ostream& out, const TrendDocument& document, const Palette& palette);
void write_info_text(std::ostream& out, const InfoDocument& document, const Palette& palette);

}  // namespace heapdrift::report
