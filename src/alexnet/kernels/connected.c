/* Fully-connected layers for one picture or a few: weights of float32, or of one byte with a scale for each unit.
 *
 * One picture's time in these layers is the time to stream their weights from memory, so each thread reads the
 * rows of several units at once, well ahead of where it multiplies. Of one byte they are a quarter as much; to keep
 * up, the activities are rounded to 16 bits then, and sums are exact integers. */
#include <immintrin.h>
#include <stdlib.h>

#include "interface.h"
#include "lanes.h"

enum { UNITS = 4, STEP = 32, AHEAD = 2048 /* bytes */ };

/* Fetch what comes AHEAD of the `bytes` that are read now. */
INLINE void fetch(const void *now, const int bytes)
{
    for (int i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)now + AHEAD + i);
}

INLINE float total(lanes a)
{
    float sum = 0;
    for (int i = 0; i < LANES; i++) sum += a[i];
    return sum;
}

/* The weights of `units` units, one row after the other, times activities. */
INLINE void products(const float *weights, const int units, const float *x, int inputs, float *sums)
{
    lanes parts[UNITS][2];
    for (int u = 0; u < units; u++) parts[u][0] = parts[u][1] = all(0);
    for (int i = 0; i < inputs; i += STEP)
        for (int u = 0; u < units; u++) {
            const float *row = weights + (size_t)u * inputs + i;
            fetch(row, STEP * sizeof *row);
            for (int j = 0; j < STEP; j += LANES) parts[u][j / LANES % 2] += load(row + j) * load(x + i + j);
        }
    for (int u = 0; u < units; u++) sums[u] = total(parts[u][0] + parts[u][1]);
}

/* The same with weights of one byte and activities of two; `largest` below keeps the sums within 32 bits. */
INLINE void byte_products(const int8_t *weights, const int units, const int16_t *x, int inputs, float *sums)
{
    __m256i parts[UNITS][2];
    for (int u = 0; u < units; u++) parts[u][0] = parts[u][1] = _mm256_setzero_si256();
    for (int i = 0; i < inputs; i += STEP)
        for (int u = 0; u < units; u++) {
            const int8_t *row = weights + (size_t)u * inputs + i;
            fetch(row, STEP);
            for (int j = 0; j < 2; j++) {
                __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(row + 16 * j)));
                __m256i activities = _mm256_loadu_si256((const __m256i *)(x + i + 16 * j));
                parts[u][j] = _mm256_add_epi32(parts[u][j], _mm256_madd_epi16(wide, activities));
            }
        }
    for (int u = 0; u < units; u++)
        sums[u] = total((lanes)_mm256_cvtepi32_ps(parts[u][0]) + (lanes)_mm256_cvtepi32_ps(parts[u][1]));
}

/* y (images, units) = relu?(weights x + bias), weights (units, inputs); `inputs` is a multiple of STEP. */
void alexnet_connect(const float *weights, const float *bias, const float *x, float *y, int images, int inputs, int units,
                     int rectify, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int first = 0; first < units; first += UNITS)
        for (int n = 0; n < images; n++) {
            const float *rows = weights + (size_t)first * inputs, *activities = x + (size_t)n * inputs;
            float sums[UNITS];
            int count = units - first < UNITS ? units - first : UNITS;
            if (count == UNITS) products(rows, UNITS, activities, inputs, sums);
            else for (int u = 0; u < count; u++) products(rows + (size_t)u * inputs, 1, activities, inputs, sums + u);
            for (int u = 0; u < count; u++) {
                float value = sums[u] + bias[first + u];
                y[(size_t)n * units + first + u] = rectify && value < 0 ? 0 : value;
            }
        }
}

/* Round activities to 16 bits: x = rounded * the step that is returned. Half of a row's products go to each of two
 * sums, two at a time to each of 8 numbers, so inputs / 16 of them must stay below 2^31. */
static float round_activities(const float *x, int inputs, int16_t *rounded)
{
    float most = 0, largest = 2147483647.0f / 127 / (inputs / 16);
    if (largest > 32767) largest = 32767;
    for (int i = 0; i < inputs; i++) {
        float size = x[i] < 0 ? -x[i] : x[i];
        if (size > most || size != size) most = size;
    }
    float step = most / (float)(int)largest, scale = most > 0 ? 1 / step : 0;
    for (int i = 0; i < inputs; i++) rounded[i] = (int16_t)__builtin_lrintf(x[i] * scale);
    return step;
}

/* y (images, units) = relu?(scale * (weights x) + bias) with weights (units, inputs) of one byte. */
int alexnet_connect_bytes(const int8_t *weights, const float *scale, const float *bias, const float *x, float *y, int images,
                          int inputs, int units, int rectify, int threads)
{
    int16_t *rounded = malloc((size_t)images * inputs * sizeof *rounded);
    float *steps = malloc(images * sizeof *steps);
    if (!rounded || !steps) {
        free(rounded);
        free(steps);
        return NO_MEMORY;
    }
    for (int n = 0; n < images; n++) steps[n] = round_activities(x + (size_t)n * inputs, inputs, rounded + (size_t)n * inputs);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int first = 0; first < units; first += UNITS)
        for (int n = 0; n < images; n++) {
            const int8_t *rows = weights + (size_t)first * inputs;
            const int16_t *activities = rounded + (size_t)n * inputs;
            float sums[UNITS];
            int count = units - first < UNITS ? units - first : UNITS;
            if (count == UNITS) byte_products(rows, UNITS, activities, inputs, sums);
            else for (int u = 0; u < count; u++) byte_products(rows + (size_t)u * inputs, 1, activities, inputs, sums + u);
            for (int u = 0; u < count; u++) {
                float value = sums[u] * (steps[n] * scale[first + u]) + bias[first + u];
                y[(size_t)n * units + first + u] = rectify && value < 0 ? 0 : value;
            }
        }
    free(rounded);
    free(steps);
    return DONE;
}
