/* What a program can tell heapdrift, and ask it. Optional, and nothing is to be linked: the
 * functions are weak and NULL when the program runs without the recorder, so test before calling,
 * or use the HEAPDRIFT_ macros, which then do nothing and answer 0.
 *
 *     if (heapdrift_snapshot) heapdrift_snapshot("after warm-up");
 *     HEAPDRIFT_SNAPSHOT("after warm-up");
 *
 * C and C++. Compile executables that are not position-independent (-no-pie) with -fPIE all the
 * same: else their linker takes weak functions for absent ones for good.
 */
#ifndef HEAPDRIFT_H
#define HEAPDRIFT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEAPDRIFT_WEAK __attribute__((weak))

/* Takes a snapshot now, under a name of at most 47 bytes (NULL for none), to be used as FILE@label.
 * Returns its number, or 0 if none could be taken: 156 taken on request are kept, and no more. */
int heapdrift_snapshot(const char* label) HEAPDRIFT_WEAK;
#define HEAPDRIFT_SNAPSHOT(label) (heapdrift_snapshot ? heapdrift_snapshot(label) : 0)

/* Stops recording allocations, and goes on with it. Deallocations are recorded all the time. */
void heapdrift_stop(void) HEAPDRIFT_WEAK;
void heapdrift_start(void) HEAPDRIFT_WEAK;

/* Live heap bytes, and their high-water mark; exact with one thread, else to within 4 KiB a thread.
 */
size_t heapdrift_current_bytes(void) HEAPDRIFT_WEAK;
size_t heapdrift_peak_bytes(void) HEAPDRIFT_WEAK;

/* --- What is not to be reported ------------------------------------------------------------- */

/* Forgets a live block: it counts as returned from now on. */
void heapdrift_ignore(void* block) HEAPDRIFT_WEAK;
#define HEAPDRIFT_IGNORE(block) (heapdrift_ignore ? heapdrift_ignore(block) : (void)0)

/* What this thread allocates between the two is not reported as leaks, nor is what a scan finds
 * reachable from there alone. They count in all totals and reports; those show them apart, marked
 * [ignored]. The two may be nested; realloc inside makes a new allocation. */
void heapdrift_ignore_begin(void) HEAPDRIFT_WEAK;
void heapdrift_ignore_end(void) HEAPDRIFT_WEAK;
#define HEAPDRIFT_IGNORE_BEGIN() (heapdrift_ignore_begin ? heapdrift_ignore_begin() : (void)0)
#define HEAPDRIFT_IGNORE_END() (heapdrift_ignore_end ? heapdrift_ignore_end() : (void)0)

/* --- "No growth between here and here" ------------------------------------------------------ */

/*     heapdrift_mark mark;
 *     HEAPDRIFT_MARK_BEGIN(&mark);
 *     work();
 *     assert(HEAPDRIFT_GROWTH(&mark).live_allocations == 0);
 *     HEAPDRIFT_MARK_END(&mark);
 *
 * Counted is what the thread that began the mark allocated on the heap since then and what is still
 * live, whichever thread frees; blocks from before do not count, but realloc makes a new one. The
 * count is exact. Allocations in an ignored scope, and while recording was stopped, are not seen.
 * Libraries keep some memory from their first call on (stdio's buffers, locales): do the work once
 * before the mark, or such calls in an ignored scope.
 *
 * Marks may be nested, and an outer one counts what was allocated in inner ones too. A mark is
 * ended by its thread, which ends those inside it as well. Up to 254 are open, or have left live
 * blocks behind. None of these functions allocates on the heap. */
typedef struct heapdrift_mark {
    unsigned number; /* these are the recorder's own */
    unsigned serial;
    unsigned long long dropped;
} heapdrift_mark;

typedef struct heapdrift_growth {
    size_t live_allocations;
    size_t live_bytes;
    size_t sites; /* call stacks that these were allocated by */
    /* 0: not known, and the rest is 0. There is no recorder or it samples, something was dropped
     * since the mark, the mark has been ended, or too many are open. */
    int known;
} heapdrift_growth;

typedef struct heapdrift_site {
    unsigned site; /* for heapdrift_site_frames; as in reports */
    size_t live_allocations;
    size_t live_bytes;
} heapdrift_site;

void heapdrift_mark_begin(heapdrift_mark* mark) HEAPDRIFT_WEAK;
void heapdrift_mark_end(const heapdrift_mark* mark) HEAPDRIFT_WEAK;
/* sites may be NULL; else up to `capacity` of them are written, those with most live bytes first.
 */
heapdrift_growth heapdrift_mark_growth(const heapdrift_mark* mark, heapdrift_site* sites,
                                       size_t capacity) HEAPDRIFT_WEAK;
/* The call stack of a site, innermost first: return addresses, of which at most `capacity` are
 * written. Returns how many there are. */
size_t heapdrift_site_frames(unsigned site, void** frames, size_t capacity) HEAPDRIFT_WEAK;

static inline void heapdrift_mark_begin_or_none(heapdrift_mark* mark) {
    const heapdrift_mark none = {0, 0, 0};
    *mark = none;
    if (heapdrift_mark_begin) heapdrift_mark_begin(mark);
}
static inline heapdrift_growth heapdrift_growth_or_none(const heapdrift_mark* mark) {
    const heapdrift_growth none = {0, 0, 0, 0};
    heapdrift_site not_asked_for = {0, 0, 0};
    return heapdrift_mark_growth ? heapdrift_mark_growth(mark, &not_asked_for, 0) : none;
}
#define HEAPDRIFT_MARK_BEGIN(mark) heapdrift_mark_begin_or_none(mark)
#define HEAPDRIFT_MARK_END(mark) (heapdrift_mark_end ? heapdrift_mark_end(mark) : (void)0)
#define HEAPDRIFT_GROWTH(mark) heapdrift_growth_or_none(mark)

/* --- Allocators of the program's own -------------------------------------------------------- */

/* Blocks that it hands out of larger ones. They are recorded in the domain "custom", by the stack
 * of the caller. Blocks must be at least 16 bytes apart. */
void heapdrift_allocated(void* block, size_t size) HEAPDRIFT_WEAK;
void heapdrift_deallocated(void* block) HEAPDRIFT_WEAK;

#ifdef __cplusplus
}

namespace heapdrift {

/* The two scopes above as objects, which end with their block, by an exception too. */
class IgnoreScope {
public:
    IgnoreScope() { HEAPDRIFT_IGNORE_BEGIN(); }
    ~IgnoreScope() { HEAPDRIFT_IGNORE_END(); }
    IgnoreScope(const IgnoreScope&) = delete;
    IgnoreScope& operator=(const IgnoreScope&) = delete;
};

class Mark {
public:
    Mark() { HEAPDRIFT_MARK_BEGIN(&mark_); }
    ~Mark() { HEAPDRIFT_MARK_END(&mark_); }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

    heapdrift_growth growth() const { return HEAPDRIFT_GROWTH(&mark_); }
    heapdrift_growth growth(heapdrift_site* sites, size_t capacity) const {
        return heapdrift_mark_growth ? heapdrift_mark_growth(&mark_, sites, capacity) : growth();
    }

private:
    heapdrift_mark mark_;
};

}  // namespace heapdrift
#endif

#endif
