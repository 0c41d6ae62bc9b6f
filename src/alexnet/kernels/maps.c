/* What looks around within one map: mean pooling, and normalisation by the activities near by.
 *
 *     pool:   y_i = mean of the pixels of window i, clipped to the map
 *     norm:   b = a s^-power,   s = 1 + scale * sum of a'^2 over the window around a, clipped to the map
 *
 * Pixels lie channels last, so that a window is some loads at the same channels. Images are shared among the
 * threads. Backward recomputes what it needs from a alone.
 *
 * Source: the program of 2012, its layers pool (avg) and rnorm.
 */
#include <omp.h>
#include <stdlib.h>

#include "interface.h"
#include "lanes.h"
#include "powers.h"

typedef struct {
    int images, height, width, channels;
    int size, stride;      /* of the windows */
    int across, down;      /* windows of a pool in a row, in a column */
    int threads;
    float scale, power;    /* of the norm; scale is divided by the window's pixels already */
} Maps;

INLINE int least(int a, int b) { return a < b ? a : b; }
INLINE int most(int a, int b) { return a > b ? a : b; }

/* The pixels of window i along a side, clipped. */
#define FIRST(i, stride) ((i) * (stride))
#define AFTER(i, stride, size, side) least((i) * (stride) + (size), side)

void alexnet_mean_pool(const Maps *m, const float *x, float *y)
{
#pragma omp parallel for schedule(static) num_threads(m->threads)
    for (int task = 0; task < m->images * m->down; task++) {
        const float *image = x + (size_t)(task / m->down) * m->height * m->width * m->channels;
        int top = FIRST(task % m->down, m->stride), bottom = AFTER(task % m->down, m->stride, m->size, m->height);
        for (int column = 0; column < m->across; column++) {
            int left = FIRST(column, m->stride), right = AFTER(column, m->stride, m->size, m->width);
            float share = 1.0f / ((bottom - top) * (right - left));
            float *to = y + ((size_t)task * m->across + column) * m->channels;
            for (int c = 0; c < m->channels; c += LANES) {
                lanes sum = all(0);
                for (int i = top; i < bottom; i++)
                    for (int j = left; j < right; j++) sum += load(image + ((size_t)i * m->width + j) * m->channels + c);
                store(to + c, sum * share);
            }
        }
    }
}

void alexnet_mean_pool_backward(const Maps *m, const float *dy, float *dx)
{
#pragma omp parallel for schedule(static) num_threads(m->threads)
    for (int task = 0; task < m->images * m->height; task++) {
        const float *slopes = dy + (size_t)(task / m->height) * m->down * m->across * m->channels;
        int y = task % m->height; /* windows top <= i < bottom hold this row */
        int top = most(0, (y - m->size + m->stride) / m->stride), bottom = least(m->down, y / m->stride + 1);
        for (int x = 0; x < m->width; x++) {
            int left = most(0, (x - m->size + m->stride) / m->stride), right = least(m->across, x / m->stride + 1);
            float *to = dx + ((size_t)task * m->width + x) * m->channels;
            for (int c = 0; c < m->channels; c += LANES) {
                lanes sum = all(0);
                for (int i = top; i < bottom; i++)
                    for (int j = left; j < right; j++) {
                        int rows = AFTER(i, m->stride, m->size, m->height) - FIRST(i, m->stride);
                        int columns = AFTER(j, m->stride, m->size, m->width) - FIRST(j, m->stride);
                        sum += load(slopes + ((size_t)i * m->across + j) * m->channels + c) * (1.0f / (rows * columns));
                    }
                store(to + c, sum);
            }
        }
    }
}

/* s at one pixel. */
INLINE lanes surroundings(const Maps *m, const float *image, int y, int x, int c)
{
    int before = m->size / 2, top = most(0, y - before), left = most(0, x - before);
    int bottom = least(m->height, y - before + m->size), right = least(m->width, x - before + m->size);
    lanes sum = all(0);
    for (int i = top; i < bottom; i++)
        for (int j = left; j < right; j++) {
            lanes a = load(image + ((size_t)i * m->width + j) * m->channels + c);
            sum += a * a;
        }
    return 1 + m->scale * sum;
}

INLINE void norm(const Maps *m, const float power, const float *a, float *b)
{
    for (int y = 0; y < m->height; y++)
        for (int x = 0; x < m->width; x++)
            for (int c = 0; c < m->channels; c += LANES) {
                size_t at = ((size_t)y * m->width + x) * m->channels + c;
                store(b + at, load(a + at) * shrunk(surroundings(m, a, y, x, c), power));
            }
}

/* da = db s^-power - 2 scale power a sum of q over the windows that hold a,  q = db a s^(-power-1). */
INLINE void norm_backward(const Maps *m, const float power, const float *a, const float *db, float *da, float *q)
{
    int after = m->size - 1 - m->size / 2;
    for (int y = 0; y < m->height; y++)
        for (int x = 0; x < m->width; x++)
            for (int c = 0; c < m->channels; c += LANES) {
                size_t at = ((size_t)y * m->width + x) * m->channels + c;
                lanes s = surroundings(m, a, y, x, c), direct = load(db + at) * shrunk(s, power);
                store(da + at, direct);
                store(q + at, direct * load(a + at) / s);
            }
    for (int y = 0; y < m->height; y++)
        for (int x = 0; x < m->width; x++) {
            int top = most(0, y - after), bottom = least(m->height, y - after + m->size);
            int left = most(0, x - after), right = least(m->width, x - after + m->size);
            for (int c = 0; c < m->channels; c += LANES) {
                lanes sum = all(0);
                for (int i = top; i < bottom; i++)
                    for (int j = left; j < right; j++) sum += load(q + ((size_t)i * m->width + j) * m->channels + c);
                size_t at = ((size_t)y * m->width + x) * m->channels + c;
                store(da + at, load(da + at) - (2 * m->scale * power) * load(a + at) * sum);
            }
        }
}

void alexnet_map_norm(const Maps *m, const float *a, float *b)
{
    size_t image = (size_t)m->height * m->width * m->channels;
#pragma omp parallel for schedule(static) num_threads(m->threads)
    for (int i = 0; i < m->images; i++) {
        if (m->power == 0.75f) norm(m, 0.75f, a + i * image, b + i * image);
        else norm(m, m->power, a + i * image, b + i * image);
    }
}

int alexnet_map_norm_backward(const Maps *m, const float *a, const float *db, float *da)
{
    size_t image = (size_t)m->height * m->width * m->channels;
    float *memory = malloc(m->threads * image * sizeof(float));
    if (!memory) return NO_MEMORY;
#pragma omp parallel for schedule(static) num_threads(m->threads)
    for (int i = 0; i < m->images; i++) {
        float *q = memory + omp_get_thread_num() * image;
        if (m->power == 0.75f) norm_backward(m, 0.75f, a + i * image, db + i * image, da + i * image, q);
        else norm_backward(m, m->power, a + i * image, db + i * image, da + i * image, q);
    }
    free(memory);
    return DONE;
}
