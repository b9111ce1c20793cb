// What can be known of a program before it is started: where it is, whether it can be executed,
// and whether its loader will take a preloaded library.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace heapdrift::process {

// Why LD_PRELOAD does not reach the program itself.
enum class Obstacle {
    none,
    statically_linked,
    bits32,
    foreign_machine,
    foreign_loader,    // another C library than glibc: ours would not load, or break it
    secure_execution,  // set-uid, set-gid or file capabilities: the loader ignores LD_PRELOAD
    unknown_format,    // not ELF, no #! line: whoever runs it (binfmt_misc) is not known
};

struct Executable {
    std::string path;   // as found; what is executed
    std::string image;  // the file whose loader counts: path, or the interpreter of its #! line
    Obstacle obstacle = Obstacle::none;
};

// The shell's rules: not found is exit code 127, found but not executable 126.
struct LookupError {
    int exit_code;
    std::string message;
};

// Searches PATH as execvp does. Exactly one of the two results is set.
struct Lookup {
    std::optional<Executable> executable;
    std::optional<LookupError> error;
};
Lookup find_executable(const std::string& name);

// Whether the environment should carry the recorder. A static program ignores it, and what it
// starts is recorded; the loaders of the others would complain or break.
bool preload_is_harmless(Obstacle obstacle);

// One sentence for the user: why, and what is recorded nevertheless.
std::string describe_obstacle(const Executable& executable);

// Whether the ELF file defines malloc itself, so that its calls never reach the recorder.
bool defines_own_malloc(const std::string& path);

}  // namespace heapdrift::process
