// Gives up rights or resources, then goes on: 2,000 allocations under a stack known before, and
// 2^12 under new ones. What of the latter could not be recorded must be counted as dropped.
// The filter that kills is asked for in each way there is, and
//   seccomp_fork   a child of the confined process allocates and ends
//   seccomp_again  a second attempt, which fails, changes nothing
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "stacks.h"

enum { kDepth = 12, kStacks = 1 << kDepth };

MARKER void known_stack(int count) {
    for (int i = 0; i < count; ++i) REQUIRE(keep(malloc(24)) != NULL);
}

MARKER void new_stacks(void) {
    branch(kDepth, 40);
    expect_through("new_stacks", kStacks, kStacks * 40, 0, kStacks * 40);
}

#define DENY(number, action) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, action)

static long by_prctl(const struct sock_fprog* program) {
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program);
}

static long by_number_of_prctl(const struct sock_fprog* program) {
    return syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0);
}

static long by_number_of_seccomp(const struct sock_fprog* program) {
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program);
}

// Opening, growing and mapping files are refused with ENOSYS, or punished with death.
static void filter_system_calls(uint32_t action, long (*confine)(const struct sock_fprog*)) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        DENY(SYS_openat, action),
        DENY(SYS_open, action),
        DENY(SYS_fallocate, action),
        DENY(SYS_ftruncate, action),
        DENY(SYS_readlink, action),
        DENY(SYS_rename, action),
        DENY(SYS_unlink, action),
        DENY(SYS_getrlimit, action),
        DENY(SYS_prlimit64, action),
        DENY(SYS_fstat, action),
        DENY(SYS_newfstatat, action),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
        // A file is what has a descriptor: -1 in the low half of the fifth argument has none.
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    REQUIRE(confine(&program) == 0);
}

static void kill_for_files(long (*confine)(const struct sock_fprog*)) {
    filter_system_calls(SECCOMP_RET_KILL_PROCESS, confine);
}

// The filter holds for a child too, which has no session yet and may make none.
static void fork_and_allocate(void) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        known_stack(100);
        branch(kDepth, 40);
        free(keep(malloc(4 << 20)));
        _exit(5);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

static void fail_to_confine_again(void) {
    errno = 0;
    REQUIRE(by_prctl(NULL) == -1 && errno == EFAULT);
    errno = 0;
    REQUIRE(by_number_of_prctl(NULL) == -1 && errno == EFAULT);
    errno = 0;
    REQUIRE(by_number_of_seccomp(NULL) == -1 && errno == EFAULT);
}

// Nothing but read, write and exit of a thread is left, so the heap must have grown before.
static void allow_next_to_nothing(void) {
    REQUIRE(mallopt(M_TRIM_THRESHOLD, 1 << 30) == 1 && mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1);
    free(keep(malloc(4 << 20)));
    REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
}

static void limit(int resource, rlim_t value) {
    const struct rlimit limits = {value, value};
    REQUIRE(setrlimit(resource, &limits) == 0);
}

static uint64_t resident_bytes(void) {
    char text[64] = "";
    FILE* file = fopen("/proc/self/statm", "r");
    REQUIRE(file != NULL && fgets(text, sizeof text, file) != NULL);
    fclose(file);
    return strtoull(strchr(text, ' '), NULL, 10) * 4096;
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    known_stack(1000);
    if (strcmp(mode, "chroot") == 0) REQUIRE(chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0);
    if (strcmp(mode, "setuid") == 0)
        REQUIRE(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
    if (strcmp(mode, "seccomp_enosys") == 0)
        filter_system_calls(SECCOMP_RET_ERRNO | ENOSYS, by_prctl);
    if (strcmp(mode, "seccomp_kill") == 0) kill_for_files(by_prctl);
    if (strcmp(mode, "seccomp_kill_by_prctl") == 0) kill_for_files(by_number_of_prctl);
    if (strcmp(mode, "seccomp_kill_by_seccomp") == 0) kill_for_files(by_number_of_seccomp);
    if (strcmp(mode, "seccomp_fork") == 0) {
        kill_for_files(by_prctl);
        fork_and_allocate();
    }
    if (strcmp(mode, "seccomp_again") == 0) {
        kill_for_files(by_prctl);
        fail_to_confine_again();
    }
    if (strcmp(mode, "seccomp_strict") == 0) allow_next_to_nothing();
    if (strcmp(mode, "fsize") == 0) limit(RLIMIT_FSIZE, 4096);
    if (strcmp(mode, "fsize_0") == 0) limit(RLIMIT_FSIZE, 0);
    if (strcmp(mode, "as") == 0) limit(RLIMIT_AS, 512u << 20);
    if (strcmp(mode, "data") == 0) limit(RLIMIT_DATA, 64u << 20);
    if (strcmp(mode, "mlockall") == 0) REQUIRE(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
    known_stack(1000);
    new_stacks();
    // 200 MB more than a program of this size: the tables' reserve made resident.
    if (strcmp(mode, "mlockall") == 0) REQUIRE(resident_bytes() < (uint64_t)200 << 20);
    expect("known_stack", 2000, 48000, 0, 48000);
    tell_truth();
    if (strcmp(mode, "seccomp_strict") == 0) syscall(SYS_exit, 31);
    return 31;
}
