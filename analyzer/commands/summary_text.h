// Figures of a session in a line, marked where they are estimates of a sampled one.
#pragma once

#include <string>

#include "analyzer/process/session_summary.h"
#include "analyzer/report/estimate_text.h"
#include "analyzer/report/units.h"

namespace heapdrift::commands {

inline const char* estimate_mark(const process::SessionSummary& session) {
    return report::mark(session.info.mode == Mode::sampled);
}

inline std::string bytes_text(const process::SessionSummary& session, uint64_t bytes) {
    return estimate_mark(session) + report::format_bytes(bytes);
}

}  // namespace heapdrift::commands
