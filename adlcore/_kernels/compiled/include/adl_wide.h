/* Integers of 128 bits, and the few steps on them that C has no operator for. */
#ifndef ADLCORE_WIDE_H
#define ADLCORE_WIDE_H

#include <stdint.h>

#if !defined(__SIZEOF_INT128__)
#error "adlcore counts money in 128-bit integers: build it with GCC or Clang for a 64-bit machine"
#endif

__extension__ typedef signed __int128 adl_int128;
__extension__ typedef unsigned __int128 adl_uint128;

/* The quotient of high·2^64 + low and a divisor above `high`, so that it has 64 bits. The compiler would call a function for it. */
static inline uint64_t adl_divide(uint64_t high, uint64_t low, uint64_t divisor, uint64_t *rest) {
#if defined(__x86_64__)
  uint64_t quotient, left;
  __asm__("divq %4" : "=a"(quotient), "=d"(left) : "0"(low), "1"(high), "r"(divisor) : "cc");
  *rest = left;
  return quotient;
#else
  adl_uint128 whole = (adl_uint128)high << 64 | low;
  uint64_t quotient = (uint64_t)(whole / divisor);
  *rest = low - quotient * divisor;
  return quotient;
#endif
}

/* Sums and differences that wrap, and whether they did. */
static inline int adl_add_wraps(int64_t a, int64_t b, int64_t *sum) { return __builtin_add_overflow(a, b, sum); }
static inline int adl_subtract_wraps(int64_t a, int64_t b, int64_t *out) { return __builtin_sub_overflow(a, b, out); }
static inline int adl_wide_add_wraps(adl_int128 a, adl_int128 b, adl_int128 *sum) { return __builtin_add_overflow(a, b, sum); }

#endif
