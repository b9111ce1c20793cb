// The outputs of `heapdrift check`, and the file of its baseline.
#pragma once

#include <ostream>

#include "analyzer/model/gate/baseline.h"
#include "analyzer/report/colour.h"
#include "analyzer/report/gate/check_document.h"

namespace heapdrift::report {

// As compilers write: file:line:column: error: …, and notes for the callers. The last line is
// LeakSanitizer's summary where something leaks, for those who search logs for it.
void write_check_text(std::ostream& out, const CheckDocument& document, const Palette& palette);
// schema/check.json describes it.
void write_check_json(std::ostream& out, const CheckDocument& document);
// SARIF 2.1.0, with what GitHub's code scanning wants of it.
void write_check_sarif(std::ostream& out, const CheckDocument& document);
// What Jenkins, GitLab and others read: a test case for each leak and budget.
void write_check_junit(std::ostream& out, const CheckDocument& document);
// GitHub's Markdown, at most `limit` bytes of it, 0 for all; what is left out is said.
void write_check_markdown(std::ostream& out, const CheckDocument& document, size_t limit);
// GitHub's workflow commands: as many as a step may have, the worst first.
void write_check_annotations(std::ostream& out, const CheckDocument& document);

// Sorted, an entry a line, so that diffs are short and merges rarely conflict.
void write_baseline(std::ostream& out, const model::Baseline& baseline);

}  // namespace heapdrift::report
