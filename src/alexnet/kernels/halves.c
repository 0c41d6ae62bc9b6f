/* Products of vectors kept in half precision with one of float32: the time is that of reading them from memory.
 *
 * Each thread reads consecutive vectors, converted in registers, well ahead of where it multiplies. */
#include <immintrin.h>
#include <stdint.h>

#include "interface.h"
#include "lanes.h"

const int alexnet_interface = INTERFACE;

enum { SUMS = 4, STEP = SUMS * LANES, AHEAD = 4096 /* bytes */ };

INLINE float product(const uint16_t *halves, const float *x, int64_t values)
{
    lanes sums[SUMS];
    for (int i = 0; i < SUMS; i++) sums[i] = all(0);
    int64_t v = 0;
    for (; v + STEP <= values; v += STEP) {
        __builtin_prefetch((const char *)(halves + v) + AHEAD);
        for (int i = 0; i < SUMS; i++) {
            __m128i eight = _mm_loadu_si128((const __m128i *)(halves + v + i * LANES));
            sums[i] += (lanes)_mm256_cvtph_ps(eight) * load(x + v + i * LANES);
        }
    }
    lanes both = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    float total = 0;
    for (int i = 0; i < LANES; i++) total += both[i];
    for (; v < values; v++) total += _cvtsh_ss(halves[v]) * x[v];
    return total;
}

/* y (vectors) = halves (vectors, values) x. */
void alexnet_half_products(const uint16_t *halves, const float *x, float *y, int64_t vectors, int64_t values, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t n = 0; n < vectors; n++) y[n] = product(halves + n * values, x, values);
}
