/* The vector type that every kernel is written in: LANES floats side by side, one register of AVX2.
 *
 * These are GCC's and Clang's vector extensions: +, *, < and the rest work lane by lane. Loads and stores
 * need no alignment.
 */
#ifndef ALEXNET_LANES_H
#define ALEXNET_LANES_H

#include <stddef.h>
#include <stdint.h>

#define LANES 8

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t marks __attribute__((vector_size(4 * LANES))); /* what a comparison of lanes gives: 0 or -1 */

#define INLINE static inline __attribute__((always_inline))

INLINE lanes load(const float *from) { return *(const lanes *)from; }
INLINE void store(float *to, lanes value) { *(lanes *)to = value; }
INLINE lanes all(float value) { return value - (lanes){0}; }
INLINE lanes choose(marks where, lanes yes, lanes no)
{
    return (lanes)((where & (marks)yes) | (~where & (marks)no));
}

#endif
