// What becomes of the session files in a recording directory: those that are finished get their
// symbols and their final names, those of small helpers are dropped, those still written to stay.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/process/session_summary.h"
#include "analyzer/process/symbol_embedding.h"

namespace heapdrift::process {

struct CollectOptions {
    std::string directory;  // where the files go; "": they stay in the recording directory
    std::string overflow;   // a second recording directory, "" for none
    // What -o said: the name for the root process, with %p and %e replaced; without %p, others get
    // ".PID". "": the names that the recorder gave.
    std::string name;
    bool overwrite = false;
    pid_t root_pid = 0;  // 0: not known, as for files left behind by an earlier run
    bool keep_all = false;
    uint64_t smallest_descendant_bytes = 64 * 1024;
    bool symbols = true;
    Progress progress;
};

struct Collected {
    // At their final places, or, where running or where moving failed, at those they were in.
    std::vector<SessionSummary> sessions;
    size_t dropped = 0;  // files of small descendants
    std::vector<SessionSummary> dropped_sessions;
    bool interrupted = false;           // by the Interrupted of CollectOptions::progress
    std::vector<std::string> problems;  // sentences for the user
};

// How a process ended, from whoever waited for it.
struct KnownEnd {
    pid_t pid = 0;  // 0: of none
    EndedBy ended_by = EndedBy::exit;
    uint32_t status = 0;  // exit status, or the signal
};

// Writes into the files how their processes ended, where the recorder could not: the one process
// that is known of was killed, or exited by a system call of its own (Go), and an image that was
// followed by another ended by exec. Returns whether the known end was news to a recording that was
// not confined.
bool note_ends(const std::string& recording_directory, const KnownEnd& known);

// Every readable session in a directory, in the order in which they began.
std::vector<SessionSummary> sessions_in(const std::string& recording_directory);

Collected collect_sessions(const std::string& recording_directory, const CollectOptions& options);

// Replaces %p, %e and %% as the recorder does.
std::string expand_name(const std::string& pattern, const std::string& program, uint32_t pid);
bool name_has_pid(const std::string& pattern);

}  // namespace heapdrift::process
