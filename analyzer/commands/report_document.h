// A profile and the options of a command line, made into what report/ writes.
#pragma once

#include "analyzer/commands/view_options.h"
#include "analyzer/report/document.h"

namespace heapdrift::commands {

// Throws UsageFailure for a column that the profile's mode does not know.
void check_known(const char* option, std::optional<model::Column> column,
                 const model::Profile& profile);

// profile must outlive the document. Throws UsageFailure for what does not go together.
report::ReportDocument make_report(const model::Profile& profile, const RowOptions& rows,
                                   const model::Filter& filter, Format format);
report::DiffDocument make_diff(const model::Profile& old_profile, const model::Profile& new_profile,
                               const RowOptions& rows, const model::Filter& filter, Format format);

}  // namespace heapdrift::commands
