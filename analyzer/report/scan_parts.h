// What scans said of the live blocks, for text and JSON.
#pragma once

#include <ostream>

#include "analyzer/model/profile.h"
#include "analyzer/report/colour.h"
#include "analyzer/report/json_writer.h"

namespace heapdrift::report {

// "lost": the blocks of one row by kind. Nothing without a scan.
void write_lost(JsonWriter& json, const model::Profile& profile, const model::Figures& figures);
// "scan": the last scan, or why there is none. Nothing where none was asked for.
void write_scan(JsonWriter& json, const model::Profile& profile);
// Lines of a head.
void write_scan(std::ostream& out, const Palette& palette, const model::Profile& profile);

}  // namespace heapdrift::report
