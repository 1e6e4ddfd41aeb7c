/* Working memory of the kernels. A large buffer is asked to lie on huge pages where Linux gives them on request: each is touched once, and with
 * small pages the faults would cost more than the work. Freed by free(). */
#ifndef ADLCORE_MEMORY_H
#define ADLCORE_MEMORY_H

#include <stdint.h>
#include <stdlib.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

/* Grow a buffer (or get one, where it is NULL) to so many bytes; NULL where there is no memory, and the old one stays. */
static inline void *adl_grow(void *old, size_t bytes) {
  void *buffer = realloc(old, bytes ? bytes : 1);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (buffer != NULL && bytes >= ((size_t)1 << 22)) {
    uintptr_t start = ((uintptr_t)buffer + 4095) & ~(uintptr_t)4095;
    uintptr_t end = ((uintptr_t)buffer + bytes) & ~(uintptr_t)4095;
    madvise((void *)start, end - start, MADV_HUGEPAGE); /* a wish: nothing depends on it */
  }
#endif
  return buffer;
}

/* Ask for a line of memory before it is read: a wish, too. */
static inline void adl_prefetch(const void *address) {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#else
  (void)address;
#endif
}

#endif
