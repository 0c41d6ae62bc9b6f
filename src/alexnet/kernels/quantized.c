/* Fully-connected layers with weights of one byte, for one picture or a few.
 *
 * One picture's time in these layers is the time to stream their weights from memory: a quarter of the bytes,
 * a quarter of the time. Activities and sums stay float32; each unit's weights share one scale. */
#include <immintrin.h>
#include <stdlib.h>

#include "lanes.h"

/* LANES bytes as floats. (GCC 12 makes single steps of __builtin_convertvector here; hence the intrinsics.) */
INLINE lanes widened(const int8_t *from)
{
    return (lanes)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)from)));
}

INLINE float total(lanes a)
{
    float sum = 0;
    for (int i = 0; i < LANES; i++) sum += a[i];
    return sum;
}

/* One unit's weights times one picture's activities; `inputs` is a multiple of 4 * LANES. */
static float product_of_one(const int8_t *weights, const float *x, int inputs)
{
    lanes sums[4] = {all(0), all(0), all(0), all(0)};
    for (int i = 0; i < inputs; i += 4 * LANES) {
        __builtin_prefetch(weights + i + 1024);
        for (int j = 0; j < 4; j++) sums[j] += widened(weights + i + j * LANES) * load(x + i + j * LANES);
    }
    return total(sums[0] + sums[1] + (sums[2] + sums[3]));
}

/* One unit's weights, widened once, times each picture's activities. */
static void product_of_many(const int8_t *weights, const float *x, int images, int inputs, float *wide, float *sums)
{
    for (int i = 0; i < inputs; i += LANES) store(wide + i, widened(weights + i));
    for (int n = 0; n < images; n++) {
        lanes parts[4] = {all(0), all(0), all(0), all(0)};
        for (int i = 0; i < inputs; i += 4 * LANES)
            for (int j = 0; j < 4; j++) parts[j] += load(wide + i + j * LANES) * load(x + (size_t)n * inputs + i + j * LANES);
        sums[n] = total(parts[0] + parts[1] + (parts[2] + parts[3]));
    }
}

/* y (images, units) = relu?(scale * (weights x) + bias), weights (units, inputs) of one byte. */
void alexnet_quantized(const int8_t *weights, const float *scale, const float *bias, const float *x, float *y,
                       int images, int inputs, int units, int rectify, int threads)
{
#pragma omp parallel num_threads(threads)
    {
        float *wide = malloc((inputs + images) * sizeof(float)), *sums = wide + inputs;
#pragma omp for schedule(static)
        for (int unit = 0; unit < units; unit++) {
            const int8_t *row = weights + (size_t)unit * inputs;
            if (images == 1) sums[0] = product_of_one(row, x, inputs);
            else product_of_many(row, x, images, inputs, wide, sums);
            for (int n = 0; n < images; n++) {
                float value = scale[unit] * sums[n] + bias[unit];
                y[(size_t)n * units + unit] = rectify && value < 0 ? 0 : value;
            }
        }
        free(wide);
    }
}
