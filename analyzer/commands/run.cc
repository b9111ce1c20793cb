// heapdrift run: starts a program under the recorder, waits for it, keeps what was recorded.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <system_error>

#include "analyzer/commands/command.h"
#include "analyzer/commands/gate/gate_arguments.h"
#include "analyzer/commands/progress_bar.h"
#include "analyzer/commands/recording_place.h"
#include "analyzer/commands/run_arguments.h"
#include "analyzer/commands/run_settings.h"
#include "analyzer/commands/run_summary.h"
#include "analyzer/process/device_balance.h"
#include "analyzer/process/executable.h"
#include "analyzer/process/launch.h"
#include "analyzer/process/recorder_options.h"
#include "analyzer/process/recording_directory.h"
#include "analyzer/process/recording_overflow.h"
#include "analyzer/process/session_collector.h"

namespace heapdrift::commands {
namespace {

// heapdrift itself could not do what was asked, and the program was not started; as env(1).
constexpr int kNotStarted = 125;

void warn(const std::string& text) {
    fmt::print(stderr, "heapdrift: {}\n", text);
}

// Found from the command's own place: bin/ with lib/heapdrift/ beside it in the build tree, the
// system's folder for libraries where it is installed.
std::string recorder_library() {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path prefix = self.parent_path().parent_path();
    constexpr const char* kName = "heapdrift/libheapdrift_preload.so";
    const std::filesystem::path beside = prefix / "lib" / kName;
    const std::filesystem::path installed = prefix / HEAPDRIFT_LIBDIR / kName;
    return (std::filesystem::exists(installed, error) ? installed : beside).string();
}

process::RecorderOptions recorder_options(const RunArguments& arguments, const std::string& place,
                                          pid_t pid) {
    std::string pattern;
    for (const char c : place) pattern += c == '%' ? "%%" : std::string(1, c);
    process::RecorderOptions options = {{"output", pattern + "/%e.%p.heapdrift"},
                                        {"root_pid", std::to_string(pid)}};
    if (arguments.interval_ms)
        options.emplace_back("interval", std::to_string(*arguments.interval_ms));
    if (arguments.depth) options.emplace_back("depth", std::to_string(*arguments.depth));
    if (const uint64_t interval = sampling_interval(arguments); interval != 0)
        options.emplace_back("sample", std::to_string(interval));
    if (arguments.scan) options.emplace_back("scan", "1");
    // Of a file that the recorder drops itself nothing could be told.
    if (arguments.keep_all || arguments.follow) options.emplace_back("keep_all", "1");
    for (const std::string& option : arguments.recorder_options) {
        const size_t equals = option.find('=');
        options.emplace_back(option.substr(0, equals), option.substr(equals + 1));
    }
    return options;
}

// The value that counts, after -O options of the same meaning.
uint64_t option_value(const process::RecorderOptions& options, std::string_view name,
                      uint64_t otherwise) {
    for (const auto& [option, value] : options)
        if (option == name) otherwise = std::stoull(value);
    return otherwise;
}

int start_failure(const std::string& path, int error) {
    warn(fmt::format("{}: {}", path, std::strerror(error)));
    return error == ENOENT ? 127 : 126;
}

int run_unrecorded(const process::Executable& executable, const RunArguments& arguments) {
    const process::Outcome outcome =
        process::run_program(executable.path, arguments.command,
                             [](pid_t) { return process::unrecorded_environment(); });
    if (outcome.exec_error != 0) return start_failure(executable.path, outcome.exec_error);
    return outcome.exit_code();
}

// Processes at the far end of a pipe or in the background may be about to end as well.
void wait_for_stragglers(const std::string& place) {
    constexpr int kRounds = 15;
    constexpr useconds_t kPauseUs = 20'000;
    for (int round = 0; round < kRounds; ++round) {
        if (process::processes_recording_to(place).empty()) return;
        usleep(kPauseUs);
    }
}

// The recording is kept whatever happens, but names may take long: the first Ctrl-C gives them up,
// a second one us.
class Interruption {
public:
    Interruption() {
        interrupted_ = 0;
        struct sigaction action {};
        action.sa_handler = [](int) { interrupted_ = 1; };
        action.sa_flags = static_cast<int>(SA_RESETHAND);
        sigaction(SIGINT, nullptr, &before_);
        if (before_.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
    }
    ~Interruption() { sigaction(SIGINT, &before_, nullptr); }
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    static void check() {
        if (interrupted_ != 0) throw process::Interrupted();
    }

private:
    static inline volatile std::sig_atomic_t interrupted_ = 0;
    struct sigaction before_ {};
};

process::Collected collect_with_progress(const std::string& place,
                                         process::CollectOptions& options) {
    ProgressBar bar;
    options.progress = [&bar](size_t done, size_t total) {
        Interruption::check();
        bar.update(done, total);
    };
    return process::collect_sessions(place, options);
}

// What is done after the program's end. Keeps, finishes and shows its recordings.
void keep_recordings(const RunArguments& arguments, const process::Executable& executable,
                     const process::Outcome& outcome, const std::string& place,
                     const std::string& overflow, const Destination& destination) {
    const Interruption interruption;
    wait_for_stragglers(place);
    const bool end_unseen =
        process::note_ends(place, {outcome.pid, outcome.signalled ? EndedBy::signal : EndedBy::exit,
                                   static_cast<uint32_t>(outcome.value)});
    if (end_unseen && !outcome.signalled)
        warn(
            fmt::format("the recorder did not see process {} exit: either it made the system call "
                        "itself, or it had gone on as a program that cannot be recorded (static, "
                        "set-uid, or in another root directory); it is recorded until then",
                        outcome.pid));

    RunArguments kept = arguments;
    kept.follow = false;
    const process::RecorderOptions chosen = recorder_options(kept, place, outcome.pid);
    process::CollectOptions collect;
    collect.directory = destination.directory;
    collect.overflow = overflow;
    collect.name = destination.name;
    collect.overwrite = arguments.force;
    collect.root_pid = outcome.pid;
    collect.keep_all = option_value(chosen, "keep_all", 0) != 0;
    collect.smallest_descendant_bytes = option_value(chosen, "min_descendant", 64 * 1024);
    collect.symbols = !arguments.no_symbols;
    const process::Collected collected = collect_with_progress(place, collect);
    const std::vector<pid_t> still_recording = process::processes_recording_to(place);
    process::remove_recording_directory(place);
    if (!overflow.empty()) process::remove_recording_directory(overflow);
    print_run_summary(arguments, executable, outcome, collected, still_recording);
}

int run(const RunArguments& arguments) {
    const process::Lookup lookup = process::find_executable(arguments.command.front());
    if (lookup.error) {
        warn(lookup.error->message);
        return lookup.error->exit_code;
    }
    const process::Executable& executable = *lookup.executable;
    Destination destination = destination_of(arguments.output);
    if (const auto existing = existing_output(destination); existing && !arguments.force) {
        warn(
            fmt::format("{} exists, and the program was not started; name another file, or use "
                        "--force to replace it",
                        *existing));
        return kNotStarted;
    }
    if (executable.obstacle != process::Obstacle::none)
        warn(process::describe_obstacle(executable));
    if (!process::preload_is_harmless(executable.obstacle))
        return run_unrecorded(executable, arguments);

    const std::string library = recorder_library();
    if (access(library.c_str(), R_OK) != 0) {
        warn(
            fmt::format("{}: {}; the program runs unrecorded. The library belongs beside the "
                        "command: install or build heapdrift again",
                        library, std::strerror(errno)));
        return run_unrecorded(executable, arguments);
    }
    const RecordingPlace place(destination.directory);
    if (!place.error().empty()) {
        warn(place.error() + "; the program runs unrecorded");
        return run_unrecorded(executable, arguments);
    }
    const std::string preloaded = process::preloadable_path(library, place.path());
    if (preloaded.empty()) {
        warn(
            fmt::format("{}: LD_PRELOAD takes no path with a space or a colon; the program runs "
                        "unrecorded. Install heapdrift elsewhere",
                        library));
        process::remove_recording_directory(place.path());
        return run_unrecorded(executable, arguments);
    }
    if (access(destination.directory.c_str(), W_OK) != 0) {
        warn(fmt::format("{}: {}; the recording will stay in {}", destination.directory,
                         std::strerror(errno), place.path()));
        destination.directory.clear();
    }

    process::RecordingOverflow overflow(place.path(), destination.directory);
    process::DeviceBalance balance(place.path());
    const process::Outcome outcome = process::run_program(
        executable.path, arguments.command,
        [&](pid_t pid) {
            return process::recorded_environment(preloaded,
                                                 recorder_options(arguments, place.path(), pid));
        },
        [&] {
            overflow.relieve();
            balance.refresh();
        });
    if (outcome.exec_error != 0) {
        process::remove_recording_directory(place.path());
        return start_failure(executable.path, outcome.exec_error);
    }
    try {
        keep_recordings(arguments, executable, outcome, place.path(), overflow.directory(),
                        destination);
    } catch (const std::exception& failure) {
        warn(fmt::format("{}; what was recorded and not moved yet is in {}", failure.what(),
                         place.path()));
    }
    return outcome.exit_code();
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
    const auto arguments = std::make_shared<RunArguments>();
    CLI::App* command = app.add_subcommand("run", "Record a program and what it starts");
    add_run_arguments(*command, *arguments);
    command->callback([arguments, &exit_code] {
        apply_settings(settings_of_files("", arguments->no_config).record, *arguments);
        check_run_arguments(*arguments);
        try {
            exit_code = run(*arguments);
        } catch (const std::system_error& failure) {
            warn(failure.what());
            exit_code = kNotStarted;
        }
    });
}

}  // namespace heapdrift::commands
