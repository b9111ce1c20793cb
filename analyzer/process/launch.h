// Starting the program and waiting for it, so that the terminal and the program notice nothing
// of heapdrift: same process group, same standard streams, signals as in a shell.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace heapdrift::process {

struct Outcome {
    pid_t pid = 0;
    int exec_error = 0;  // errno when the program could not be started; the rest is then empty
    bool signalled = false;
    int value = 0;  // exit status, or the signal
    double seconds = 0;

    // As a shell gives it.
    int exit_code() const { return signalled ? 128 + value : value; }
};

// SIGINT and SIGQUIT from the terminal are the program's to handle; SIGTERM and SIGHUP sent to us
// are passed on. Should we be killed, the program goes on. make_environment runs in the child,
// because the recorder is told its pid. while_running is called every second, if at all.
Outcome run_program(const std::string& path, const std::vector<std::string>& arguments,
                    const std::function<std::vector<std::string>(pid_t)>& make_environment,
                    const std::function<void()>& while_running = nullptr);

}  // namespace heapdrift::process
