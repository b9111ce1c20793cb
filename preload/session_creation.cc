// How a session file comes into being; what happens to it afterwards is in session_file.cc.
#include <errno.h>
#include <sys/auxv.h>

#include "preload/error_text.h"
#include "preload/message.h"
#include "preload/page_memory.h"
#include "preload/session_file.h"
#include "preload/session_path.h"
#include "preload/vdso_clock.h"

namespace heapdrift {
namespace {

// Field 22 of /proc/self/stat, which with the pid names a process for good.
uint64_t process_start_ticks() {
    char text[1024];
    const size_t size = sys::read_file("/proc/self/stat", text, sizeof(text) - 1);
    text[size] = '\0';
    // The name in field 2 may hold anything, a ')' too: fields are counted from the last one.
    const char* at = text;
    for (const char* c = text; *c != '\0'; ++c)
        if (*c == ')') at = c;
    for (int field = 2; field < 22 && *at != '\0'; ++at)
        if (*at == ' ') ++field;
    uint64_t ticks = 0;
    return parse_number(at, ticks) != nullptr ? ticks : 0;
}

// Marks an earlier image of this same process as ended by exec. True if the file is such a one.
bool close_earlier_image(const char* path, uint64_t start_ticks) {
    const int fd = sys::open(path, O_RDWR | O_NOFOLLOW);
    if (fd < 0) return false;
    struct stat status {};
    bool ours = false;
    if (!sys::failed(sys::call(SYS_fstat, fd, sys::address(&status))) && S_ISREG(status.st_mode) &&
        status.st_size >= static_cast<off_t>(sizeof(Header))) {
        if (void* mapped = sys::map(sizeof(Header), MAP_SHARED, fd)) {
            Header& header = *static_cast<Header*>(mapped);
            ours = header.identity.magic == kMagic && header.identity.version == kFormatVersion &&
                   header.identity.pid == sys::pid() &&
                   header.identity.process_start_ticks == start_ticks;
            if (ours &&
                header.control.ended_by.load(std::memory_order_relaxed) == EndedBy::running) {
                header.control.ended_ns.store(monotonic_ns() - header.identity.started_monotonic_ns,
                                              std::memory_order_relaxed);
                header.control.ended_by.store(EndedBy::exec, std::memory_order_release);
            }
            sys::unmap(mapped, sizeof(Header));
        }
    }
    sys::close(fd);
    return ours;
}

// What the user called the program: redis-server, though that is a link to redis-check-rdb, or the
// script that an interpreter runs. Not of use when it was executed through a descriptor.
const char* name_given(const char* program) {
    const auto* given = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
    if (given == nullptr || text_starts(given, "/dev/fd/") || text_starts(given, "/proc/"))
        return program;
    return given;
}

}  // namespace

bool SessionFile::open_new(const Options& options, const char* program, uint32_t& image) {
    const uint64_t ticks = process_start_ticks();
    for (uint32_t attempt = 0; attempt < 1000; ++attempt) {
        const SessionPath path = session_path(options, name_given(program), sys::pid(), attempt);
        if (path.overflowed()) {
            say(Message() << "not recording: the path of the session file is too long");
            return false;
        }
        fd_ = sys::open(path.text(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (fd_ == -EEXIST) {
            if (close_earlier_image(path.text(), ticks)) ++image;
            continue;
        }
        if (fd_ < 0) {
            say(Message() << "not recording process " << sys::pid() << ": cannot create "
                          << path.text() << ": " << error_text(fd_)
                          << "; the program runs on unrecorded");
            return false;
        }
        fd_ = move_high(fd_);
        struct stat status {};
        sys::call(SYS_fstat, fd_, sys::address(&status));
        device_ = status.st_dev;
        inode_ = status.st_ino;
        long error = reserve_start();
        if (error == 0) {
            header_ = static_cast<Header*>(sys::map(kMappedAtStart, MAP_SHARED, fd_));
            if (header_ == nullptr) error = -ENOMEM;
        }
        if (error != 0) {
            say(Message() << "not recording process " << sys::pid() << ": cannot create "
                          << path.text() << ": " << error_text(error)
                          << "; the program runs on unrecorded");
            sys::call(SYS_unlink, sys::address(path.text()));
            sys::close(fd_);
            return false;
        }
        note_own_range(header_, kMappedAtStart);
        open_first_unit();
        header_->identity.process_start_ticks = ticks;
        copy_text(header_->identity.session_path, path.text());
        return true;
    }
    say(Message() << "not recording process " << sys::pid()
                  << ": 1000 session files of its name exist already");
    return false;
}

// The segments that are mapped with the header.
void SessionFile::open_first_unit() {
    touch_pages(header_, first_space_[0].load(std::memory_order_relaxed));
    constexpr uint32_t kSegments = kFirstSegments - 1;
    Unit& unit = units_[0];
    unit.start = reinterpret_cast<uint8_t*>(header_) + kSegmentSize;
    unit.first = 1;
    unit.taken.store(0, std::memory_order_relaxed);
    unit.reserved.store(kSegments, std::memory_order_relaxed);
    unit.size.store(kSegments, std::memory_order_relaxed);
    unit_count_.store(1, std::memory_order_relaxed);
    file_end_.store(kMappedAtStart, std::memory_order_relaxed);
    header_->control.segment_count.store(kFirstSegments, std::memory_order_relaxed);
}

void SessionFile::fill_identity(const Options& options, const char* program, uint32_t image,
                                bool forked) {
    Identity& identity = header_->identity;
    identity.version = kFormatVersion;
    identity.segment_size = kSegmentSize;
    identity.pid = sys::pid();
    identity.parent_pid = static_cast<uint32_t>(sys::call(SYS_getppid));
    identity.started_realtime_ns = realtime_ns();
    identity.started_monotonic_ns = started_monotonic_ns_;
    identity.mode = options.sample == 0 ? Mode::exact : Mode::sampled;
    identity.sampling_interval_bytes = options.sample;
    identity.uid = static_cast<uint32_t>(sys::call(SYS_getuid));
    identity.image = image;
    identity.forked = forked;
    identity.root = options.root_pid != 0 && options.root_pid == identity.pid;
    copy_text(identity.tool_version, HEAPDRIFT_VERSION);
    copy_text(identity.program, program);
    identity.command_line_size = static_cast<uint32_t>(
        sys::read_file("/proc/self/cmdline", identity.command_line, sizeof(identity.command_line)));
    Control& control = header_->control;
    control.moment.store(moment_of(1, 0), std::memory_order_relaxed);
    const uint64_t interval =
        options.operations != 0 ? options.operations : options.interval_ms * 1'000'000;
    control.snapshot_interval_ns.store(interval, std::memory_order_relaxed);
    control.snapshot_due_ns.store(interval, std::memory_order_relaxed);
    // Release: a reader that finds the magic finds all of the identity.
    std::atomic_thread_fence(std::memory_order_release);
    identity.magic = kMagic;
}

bool SessionFile::name_is_taken(const Options& options) {
    const char* program = name_given(nullptr);
    if (program == nullptr) return true;
    const SessionPath path = session_path(options, program, sys::pid(), 0);
    return path.overflowed() ||
           !sys::failed(sys::call(SYS_access, sys::address(path.text()), F_OK));
}

bool SessionFile::create(const Options& options, bool forked) {
    char program[sizeof(Identity::program)] = {};
    const long size = sys::call(SYS_readlink, sys::address("/proc/self/exe"), sys::address(program),
                                sizeof(program) - 1);
    if (sys::failed(size)) copy_text(program, "unknown");
    uint32_t image = 0;
    if (!open_new(options, program, image)) return false;
    started_monotonic_ns_ = monotonic_ns();
    clock_rate_ = options.clock;
    fill_identity(options, program, image, forked);
    return true;
}

}  // namespace heapdrift
