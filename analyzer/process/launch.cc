#include "analyzer/process/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

#include "analyzer/process/file_descriptor.h"

namespace heapdrift::process {
namespace {

std::atomic<pid_t> g_child{0};
static_assert(std::atomic<pid_t>::is_always_lock_free);  // read in a signal handler

extern "C" void pass_on(int signal) {
    const int saved_errno = errno;
    if (const pid_t child = g_child.load(); child > 0) kill(child, signal);
    errno = saved_errno;
}

// What we do with a signal while the program runs; the child gets back what we inherited.
class SignalScope {
public:
    SignalScope() {
        sigset_t passed;
        sigemptyset(&passed);
        for (Saved& saved : saved_) sigaddset(&passed, saved.signal);
        // Held back until the child's pid is known, so that none is lost in between.
        sigprocmask(SIG_BLOCK, &passed, &inherited_mask_);
        for (Saved& saved : saved_) {
            struct sigaction action {};
            action.sa_handler = saved.handler;
            sigaction(saved.signal, nullptr, &saved.inherited);
            // nohup: what was ignored stays ignored.
            if (saved.inherited.sa_handler != SIG_IGN) sigaction(saved.signal, &action, nullptr);
        }
    }
    ~SignalScope() { restore(); }
    SignalScope(const SignalScope&) = delete;
    SignalScope& operator=(const SignalScope&) = delete;

    void deliver() const { sigprocmask(SIG_SETMASK, &inherited_mask_, nullptr); }
    void restore() const {
        for (const Saved& saved : saved_) sigaction(saved.signal, &saved.inherited, nullptr);
        deliver();
    }

private:
    struct Saved {
        int signal;
        void (*handler)(int);
        struct sigaction inherited {};
    };
    Saved saved_[4] = {
        {SIGINT, SIG_IGN}, {SIGQUIT, SIG_IGN}, {SIGTERM, pass_on}, {SIGHUP, pass_on}};
    sigset_t inherited_mask_;
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
    result.push_back(nullptr);
    return result;
}

// Without such a descriptor (an old kernel, or none left) it is not called.
void call_until_end(pid_t child, const std::function<void()>& while_running) {
    constexpr int kPeriodMs = 1000;
    const FileDescriptor end(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
    if (!end.is_open()) return;
    for (;;) {
        pollfd waited{end.get(), POLLIN, 0};
        const int ready = poll(&waited, 1, kPeriodMs);
        if (ready > 0 || (ready < 0 && errno != EINTR)) return;
        if (ready == 0) while_running();
    }
}

}  // namespace

Outcome run_program(const std::string& path, const std::vector<std::string>& arguments,
                    const std::function<std::vector<std::string>(pid_t)>& make_environment,
                    const std::function<void()>& while_running) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot start the program: pipe");
    FileDescriptor read_end(ends[0]);
    FileDescriptor write_end(ends[1]);

    const SignalScope signals;
    const auto started = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child < 0)
        throw std::system_error(errno, std::generic_category(), "cannot start the program: fork");
    if (child == 0) {
        const std::vector<std::string> environment = make_environment(getpid());
        signals.restore();
        // execvpe and not execve: a text file without a #! line is given to the shell.
        execvpe(path.c_str(), pointers(arguments).data(), pointers(environment).data());
        const int error = errno;
        [[maybe_unused]] const ssize_t written = write(write_end.get(), &error, sizeof error);
        _exit(127);
    }
    g_child.store(child);
    signals.deliver();

    Outcome outcome;
    outcome.pid = child;
    write_end.reset();
    // Closed by a successful exec: then nothing is read.
    while (read(read_end.get(), &outcome.exec_error, sizeof outcome.exec_error) < 0 &&
           errno == EINTR) {
    }
    if (outcome.exec_error == 0 && while_running) call_until_end(child, while_running);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    g_child.store(0);
    outcome.signalled = WIFSIGNALED(status);
    outcome.value = outcome.signalled ? WTERMSIG(status) : WEXITSTATUS(status);
    outcome.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return outcome;
}

}  // namespace heapdrift::process
