// System calls made directly: they leave errno alone, reach no interposed function (ours or
// another library's mmap, open, clock_gettime) and work before libc is initialized.
// Each returns the kernel's value: negative errno on failure.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace heapdrift::sys {

inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0) {
    long result;
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    register long r9 asm("r9") = f;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

inline long address(const void* pointer) {
    return reinterpret_cast<long>(pointer);
}

inline bool failed(long result) {
    return result < 0 && result > -4096;
}

inline int open(const char* path, int flags, unsigned mode = 0) {
    return static_cast<int>(call(SYS_openat, AT_FDCWD, address(path), flags | O_CLOEXEC, mode));
}

inline void close(int fd) {
    call(SYS_close, fd);
}

inline long read(int fd, void* into, size_t size) {
    long result;
    do result = call(SYS_read, fd, address(into), static_cast<long>(size));
    while (result == -4 /* EINTR */);
    return result;
}

inline long write(int fd, const void* from, size_t size) {
    long result;
    do result = call(SYS_write, fd, address(from), static_cast<long>(size));
    while (result == -4 /* EINTR */);
    return result;
}

inline void* map(size_t size, int flags, int fd = -1, uint64_t offset = 0) {
    const long result = call(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE, flags,
                             fd, static_cast<long>(offset));
    return failed(result) ? nullptr : reinterpret_cast<void*>(result);
}

// Addresses that nothing can be done with until mprotect.
inline void* reserve(size_t size) {
    const long result = call(SYS_mmap, 0, static_cast<long>(size), PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return failed(result) ? nullptr : reinterpret_cast<void*>(result);
}

// ThreadSanitizer must see it, or it takes the next mapping at the same place for the same memory.
inline void unmap(void* start, size_t size) {
#ifdef __SANITIZE_THREAD__
    munmap(start, size);
#else
    call(SYS_munmap, address(start), static_cast<long>(size));
#endif
}

inline long advise(void* start, size_t size, int advice) {
    return call(SYS_madvise, address(start), static_cast<long>(size), advice);
}

inline uint32_t pid() {
    return static_cast<uint32_t>(call(SYS_getpid));
}
inline uint32_t tid() {
    return static_cast<uint32_t>(call(SYS_gettid));
}

// The soft limit, or ~0 for none.
inline uint64_t limit(int resource) {
    rlimit64 value{};
    if (failed(call(SYS_prlimit64, 0, resource, 0, address(&value)))) return ~uint64_t{0};
    return value.rlim_cur;
}

// Reads at most size bytes of a small file such as those of /proc. Returns the number read, 0 when
// it could not be opened.
inline size_t read_file(const char* path, char* into, size_t size) {
    const int fd = open(path, O_RDONLY);
    if (fd < 0) return 0;
    size_t done = 0;
    while (done < size) {
        const long got = read(fd, into + done, size - done);
        if (got <= 0) break;
        done += static_cast<size_t>(got);
    }
    close(fd);
    return done;
}

}  // namespace heapdrift::sys
