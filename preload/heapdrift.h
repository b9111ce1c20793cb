/* What a program can tell heapdrift, and ask it. Optional: the functions are weak and 0 when the
 * program runs without the recorder, so test before calling, or use the HEAPDRIFT_ macros below.
 *
 *     if (heapdrift_snapshot) heapdrift_snapshot("after warm-up");
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

/* Stops recording allocations, and goes on with it. Deallocations are recorded all the time. */
void heapdrift_stop(void) HEAPDRIFT_WEAK;
void heapdrift_start(void) HEAPDRIFT_WEAK;

/* Live heap bytes, and their high-water mark; exact with one thread, else to within 4 KiB a thread.
 */
size_t heapdrift_current_bytes(void) HEAPDRIFT_WEAK;
size_t heapdrift_peak_bytes(void) HEAPDRIFT_WEAK;

/* Forgets a live block: it counts as returned from now on. */
void heapdrift_ignore(void* block) HEAPDRIFT_WEAK;

/* For an allocator of the program's own: blocks that it hands out of larger ones. They are recorded
 * in the domain "custom", by the stack of the caller. Blocks must be at least 16 bytes apart. */
void heapdrift_allocated(void* block, size_t size) HEAPDRIFT_WEAK;
void heapdrift_deallocated(void* block) HEAPDRIFT_WEAK;

#ifdef __cplusplus
}
#endif

#endif
