// Gives up rights or resources, then goes on: 2,000 allocations under a stack known before, and
// 2^12 under new ones. What of the latter could not be recorded must be counted as dropped.
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

// Opening, growing and mapping files are refused with ENOSYS, or punished with death.
static void filter_system_calls(uint32_t action) {
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
    REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
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
    if (strcmp(mode, "seccomp_enosys") == 0) filter_system_calls(SECCOMP_RET_ERRNO | ENOSYS);
    if (strcmp(mode, "seccomp_kill") == 0) filter_system_calls(SECCOMP_RET_KILL_PROCESS);
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
