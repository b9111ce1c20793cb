// Where session files lie while they are written: on tmpfs where there is room, because the
// recorder's stores would otherwise be written to a disk over and over.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace heapdrift::process {

// "/dev/shm/heapdrift-UID" of this user.
std::string tmpfs_root();

// A new directory below tmpfs_root(), with mode 0700. nullopt where the shared memory is missing,
// small (as in containers, where it is charged to their memory limit), or not safely ours.
std::optional<std::string> create_tmpfs_directory();

// The directories below tmpfs_root() that are there now; none when it is not safely ours.
std::vector<std::string> tmpfs_directories();

// Processes whose environment sends their sessions to the directory, whether they have one yet or
// are between a fork or exec and its creation. Those of other users are not seen.
std::vector<pid_t> processes_recording_to(const std::string& directory);

// LD_PRELOAD is divided by spaces and colons, and knows no way to write one in a path. Gives such a
// library another name, in the recording directory; "" where that has one in its path as well.
std::string preloadable_path(const std::string& library, const std::string& directory);

// Removes it when it is empty and no process can still create a session there.
void remove_recording_directory(const std::string& directory);

// Regular files in a directory whose names end as session files do, sorted.
std::vector<std::string> session_files_in(const std::string& directory);

}  // namespace heapdrift::process
