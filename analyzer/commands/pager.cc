#include "analyzer/commands/pager.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "analyzer/process/file_descriptor.h"

namespace heapdrift::commands {

namespace {

// A system without less has its text all the same.
constexpr const char* kDefaultPager = "if command -v less >/dev/null; then exec less; fi; exec cat";
// F: text that fits the screen is not held; R: colours; X: what was read stays on the screen.
constexpr const char* kLessOptions = "FRX";
// What a shell says of a command that it does not find or cannot execute.
constexpr int kCannotExecute = 126;

// Ctrl-C is the pager's, and one that is left early is no error.
class IgnoredSignals {
public:
    IgnoredSignals() {
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        for (size_t i = 0; i < kCount; ++i) sigaction(kSignals[i], &ignore, &before_[i]);
    }
    ~IgnoredSignals() { restore(); }
    IgnoredSignals(const IgnoredSignals&) = delete;
    IgnoredSignals& operator=(const IgnoredSignals&) = delete;

    void restore() const {
        for (size_t i = 0; i < kCount; ++i) sigaction(kSignals[i], &before_[i], nullptr);
    }

private:
    static constexpr size_t kCount = 3;
    static constexpr int kSignals[kCount] = {SIGINT, SIGQUIT, SIGPIPE};
    struct sigaction before_[kCount] {};
};

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<size_t>(written));
    }
}

}  // namespace

std::string pager_command() {
    if (isatty(STDOUT_FILENO) == 0) return "";
    for (const char* name : {"HEAPDRIFT_PAGER", "PAGER"})
        if (const char* value = std::getenv(name)) {
            const std::string command = value;
            return command == "cat" ? "" : command;
        }
    return kDefaultPager;
}

bool show_in_pager(const std::string& command, const std::string& text) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    const process::FileDescriptor reading(ends[0]);
    process::FileDescriptor writing(ends[1]);
    const IgnoredSignals ignored;
    const pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) {
        ignored.restore();
        setenv("LESS", kLessOptions, 0);
        dup2(reading.get(), STDIN_FILENO);
        execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        _exit(kCannotExecute);
    }
    write_all(writing.get(), text);
    writing.reset();
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return !WIFEXITED(status) || WEXITSTATUS(status) < kCannotExecute;
}

}  // namespace heapdrift::commands
