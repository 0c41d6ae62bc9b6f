/* Fully-connected layers for one picture or a few: weights of float32, or of one byte with a scale for each unit.
 *
 * One picture's time in these layers is the time to stream their weights from memory, so each thread reads the
 * rows of several units at once, well ahead of where it multiplies; of one byte, it is a quarter of that time.
 * Activities and sums are float32. */
#include <immintrin.h>
#include <stdlib.h>

#include "lanes.h"

enum { UNITS = 4, STEP = 4 * LANES, AHEAD = 2048 /* bytes */ };

/* LANES weights from number i on. (GCC 12 makes single steps of __builtin_convertvector here; hence the intrinsics.) */
INLINE lanes weights_at(const void *weights, size_t i, const int bytes)
{
    if (bytes == 4) return load((const float *)weights + i);
    return (lanes)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)((const int8_t *)weights + i))));
}

INLINE float total(lanes a)
{
    float sum = 0;
    for (int i = 0; i < LANES; i++) sum += a[i];
    return sum;
}

/* The weights of a few units, rows one after the other, times one picture's activities. */
INLINE void products_of_one(const void *weights, size_t first, const int bytes, const int units, const float *x, int inputs,
                            float *sums)
{
    lanes parts[UNITS][2];
    for (int u = 0; u < units; u++) parts[u][0] = parts[u][1] = all(0);
    for (int i = 0; i < inputs; i += STEP)
        for (int u = 0; u < units; u++) {
            size_t at = first + (size_t)u * inputs + i;
            for (int byte = 0; byte < STEP * bytes; byte += 64) __builtin_prefetch((const char *)weights + at * bytes + AHEAD + byte);
            for (int j = 0; j < STEP; j += LANES) parts[u][j / LANES % 2] += weights_at(weights, at + j, bytes) * load(x + i + j);
        }
    for (int u = 0; u < units; u++) sums[u] = total(parts[u][0] + parts[u][1]);
}

/* One unit's weights, widened once, times each picture's activities. */
INLINE void products_of_many(const void *weights, size_t first, const int bytes, const float *x, int images, int inputs,
                             float *wide, float *sums)
{
    for (int i = 0; i < inputs; i += LANES) store(wide + i, weights_at(weights, first + i, bytes));
    for (int n = 0; n < images; n++) {
        lanes parts[4] = {all(0), all(0), all(0), all(0)};
        for (int i = 0; i < inputs; i += STEP)
            for (int j = 0; j < 4; j++) parts[j] += load(wide + i + j * LANES) * load(x + (size_t)n * inputs + i + j * LANES);
        sums[n] = total(parts[0] + parts[1] + (parts[2] + parts[3]));
    }
}

INLINE void connect(const void *weights, const int bytes, const float *scale, const float *bias, const float *x, float *y,
                    int images, int inputs, int units, int rectify, int threads)
{
#pragma omp parallel num_threads(threads)
    {
        float *wide = malloc((inputs + images + UNITS) * sizeof(float)), *sums = wide + inputs;
#pragma omp for schedule(static)
        for (int block = 0; block < (units + UNITS - 1) / UNITS; block++) {
            int first = block * UNITS, count = units - first < UNITS ? units - first : UNITS;
            int together = images == 1 && count == UNITS;
            if (together) products_of_one(weights, (size_t)first * inputs, bytes, UNITS, x, inputs, sums);
            for (int u = 0; u < count; u++) {
                int unit = first + u;
                if (!together) products_of_many(weights, (size_t)unit * inputs, bytes, x, images, inputs, wide, sums);
                for (int n = 0; n < images; n++) {
                    float value = sums[together ? u : n] * (scale ? scale[unit] : 1) + bias[unit];
                    y[(size_t)n * units + unit] = rectify && value < 0 ? 0 : value;
                }
            }
        }
        free(wide);
    }
}

/* y (images, units) = relu?(scale * (weights x) + bias): weights (units, inputs) of one byte where there is a scale
 * for each unit, else float32; `inputs` is a multiple of STEP. */
void alexnet_connect(const void *weights, const float *scale, const float *bias, const float *x, float *y, int images,
                     int inputs, int units, int rectify, int threads)
{
    if (scale) connect(weights, 1, scale, bias, x, y, images, inputs, units, rectify, threads);
    else connect(weights, 4, scale, bias, x, y, images, inputs, units, rectify, threads);
}
