/* Loops that are worth it are compiled once for each level of x86-64 and the loader picks one. The results are the same bits: contraction
 * of a*b+c is off. Only where the toolchain can: GCC 12 and newer with glibc; elsewhere the macro is empty. */
#ifndef ADLCORE_SIMD_H
#define ADLCORE_SIMD_H

#if !defined(ADL_NO_CLONES) && defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define ADL_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
/* Cython also declares the result variable of a function by its result type; the attribute means nothing there. */
#pragma GCC diagnostic ignored "-Wattributes"
#endif
#endif

#ifndef ADL_CLONES
#define ADL_CLONES
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "adlcore reads flags as words: it needs a little-endian machine"
#endif

/* The lowest byte of a word that is not zero; the word is not. */
static inline int adl_lowest_byte(unsigned long long word) {
#if defined(__GNUC__)
  return __builtin_ctzll(word) >> 3;
#else
  int place = 0;
  while (!(word & 0xFF)) {
    word >>= 8;
    place++;
  }
  return place;
#endif
}

#endif
