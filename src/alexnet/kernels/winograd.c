/* Convolution in Winograd's form: 49 multiplications where a 3x3 kernel needs 225, 64 where a 5x5 kernel needs 400.
 *
 * A tile of side x side pixels d and a kernel g of r x r give m x m outputs, m = side + 1 - r:
 *
 *     outputs = A' [ (G g G') . (B d B') ] A          (' transposes, . multiplies element by element)
 *
 * The element-wise product, summed over input channels, is side^2 matrix products, one for each position in
 * the tile; they are the greater part of the work. 3x3 kernels take tiles of 7, 5x5 kernels tiles of 8: 5 and 4
 * outputs each way, which fill 55 = 11 x 5, 13 = 3 x 5 - 2, 27 = 7 x 4 - 1 and 32, 16, 8 = 8, 4, 2 x 4. The three
 * matrices come from the caller (kernels/winograd.py derives them).
 *
 * Layout: pixels are (images, height, width, channels). Transformed pixels are (side^2, tiles, channels), with
 * positions, and rows of many channels, an odd number of cache lines apart so that they do not collide in the
 * cache. Transformed kernels are (side^2, groups, outputs / PANEL, inputs, PANEL), as the product reads them.
 *
 * Source: Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks".
 */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "interface.h"
#include "lanes.h"
#include "product.h"
#include "transforms.h"

#define LINE 16  /* floats of a cache line */
#define SHARES 4 /* sums that threads keep alone: a fixed number, so that the total does not depend on the threads */

typedef struct {
    int images, height, width, channels; /* of the pixels as they lie in memory; channels a multiple of LANES */
    int inputs, outputs;                 /* inputs of a group: channels / groups, or fewer where the rest is not used */
    int groups, kernel, padding;
    int chunk;   /* tiles at a time, so that what is transformed stays in the cache */
    int half;    /* transformed kernels are in half precision */
    int alone;   /* each thread takes tiles of its own, rather than its part of the same */
    int threads;
} Shape;

typedef struct {
    int side, positions; /* of a tile; side^2 */
    int step;            /* outputs that a tile gives in each direction */
    int height, width;   /* of the output map */
    int across, each;    /* tiles in a row, in an image */
    int all;             /* tiles in all */
} Tiling;

static Tiling tiling_of(const Shape *s)
{
    Tiling t = {.side = s->kernel == 3 ? 7 : 8};
    t.positions = t.side * t.side;
    t.step = t.side + 1 - s->kernel;
    t.height = s->height + 2 * s->padding - s->kernel + 1;
    t.width = s->width + 2 * s->padding - s->kernel + 1;
    t.across = (t.width + t.step - 1) / t.step;
    t.each = (t.height + t.step - 1) / t.step * t.across;
    t.all = t.each * s->images;
    return t;
}

static size_t odd_lines(size_t floats) { return floats / LINE % 2 ? floats : floats + LINE; }

/* A matrix with a row for each tile, for each position. */
typedef struct {
    float *data;
    size_t row, position;
} Transformed;

static Transformed transformed(float *data, int tiles, int channels)
{
    size_t row = channels > 64 ? odd_lines(channels) : (size_t)channels;
    return (Transformed){data, row, odd_lines((tiles * row + LINE - 1) / LINE * LINE)};
}

/* The threads that share some tiles: all of them, or one. */
typedef struct {
    int member, members;
} Team;

#define ALONE ((Team){0, 1})

INLINE int begin_of(Team team, int tasks) { return (int)((int64_t)tasks * team.member / team.members); }
INLINE int end_of(Team team, int tasks) { return (int)((int64_t)tasks * (team.member + 1) / team.members); }

static void wait_for(Team team)
{
    if (team.members > 1) {
#pragma omp barrier
    }
}

/* Transform the n x n pixels whose corner is at (top, left), zeros outside the map. */
INLINE void transform_tile(const int side, const int n, const float *matrix, const float *image, int height, int width,
                           int channels, int top, int left, float *to, size_t position)
{
    static const float zeros[LANES];
    const float *pixel[PLACES];
    int moves[PLACES];
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) {
            int inside = top + y >= 0 && top + y < height && left + x >= 0 && left + x < width;
            pixel[y * n + x] = inside ? image + ((size_t)(top + y) * width + left + x) * channels : zeros;
            moves[y * n + x] = inside;
        }
    for (int c = 0; c < channels; c += LANES) {
        lanes tile[PLACES], result[PLACES];
        for (int i = 0; i < n * n; i++) tile[i] = load(pixel[i] + (moves[i] ? c : 0));
        spread(side, n, matrix, tile, result);
        for (int i = 0; i < side * side; i++) store(to + i * position + c, result[i]);
    }
}

/* The tiles first ... first + tiles - 1: whole tiles (n = side, offset by the padding) with B, or only the outputs
 * of each tile (n = step) with A. */
static void transform(Team team, const float *pixels, int height, int width, int channels, int n, int offset,
                      const Tiling *t, int first, int tiles, const float *matrix, Transformed to)
{
    for (int i = begin_of(team, tiles); i < end_of(team, tiles); i++) {
        int tile = first + i;
        const float *image = pixels + (size_t)(tile / t->each) * height * width * channels;
        int top = tile % t->each / t->across * t->step - offset;
        int left = tile % t->each % t->across * t->step - offset;
        float *out = to.data + i * to.row;
        switch (10 * t->side + n) {
#define TILE(side, n) \
        case 10 * side + n: transform_tile(side, n, matrix, image, height, width, channels, top, left, out, to.position); break;
            TILE(7, 7) TILE(7, 5) TILE(8, 8) TILE(8, 4)
#undef TILE
        }
    }
}

/* The outputs of one tile, with bias and rectification. */
INLINE void finish_tile(const int side, const int step, const float *A, const float *from, size_t position,
                        const float *bias, int rectify, float *image, const Tiling *t, int channels, int top, int left)
{
    int rows = t->height - top < step ? t->height - top : step;
    int columns = t->width - left < step ? t->width - left : step;
    for (int c = 0; c < channels; c += LANES) {
        lanes tile[PLACES], result[PLACES];
        for (int i = 0; i < side * side; i++) tile[i] = load(from + i * position + c);
        gather(side, step, A, tile, result);
        lanes shift = bias ? load(bias + c) : all(0);
        for (int y = 0; y < rows; y++)
            for (int x = 0; x < columns; x++) {
                lanes value = result[y * step + x] + shift;
                if (rectify) value = choose(value < all(0), all(0), value);
                store(image + ((size_t)(top + y) * t->width + left + x) * channels + c, value);
            }
    }
}

static void finish(Team team, Transformed from, int channels, const Tiling *t, int first, int tiles, const float *A,
                   const float *bias, int rectify, float *output)
{
    for (int i = begin_of(team, tiles); i < end_of(team, tiles); i++) {
        int tile = first + i;
        float *image = output + (size_t)(tile / t->each) * t->height * t->width * channels;
        const float *sums = from.data + i * from.row;
        int top = tile % t->each / t->across * t->step, left = tile % t->each % t->across * t->step;
        if (t->side == 7) finish_tile(7, 5, A, sums, from.position, bias, rectify, image, t, channels, top, left);
        else finish_tile(8, 4, A, sums, from.position, bias, rectify, image, t, channels, top, left);
    }
}

static size_t scratch_of(const Shape *s, const Tiling *t)
{
    return t->positions * (transformed(0, s->chunk, s->channels).position + transformed(0, s->chunk, s->outputs).position);
}

/* How many floats of scratch memory the next two functions need, and how many sums the second keeps. */
size_t alexnet_winograd_scratch(const Shape *s)
{
    Tiling t = tiling_of(s);
    return scratch_of(s, &t) * (s->alone ? s->threads : 1);
}

int alexnet_winograd_sums(const Shape *s) { return s->alone ? SHARES : 1; }

/* Some tiles of a convolution, by a team; `scratch` is the team's. */
static void convolve(Team team, const Shape *s, const Tiling *t, int begin, int end, const float *pixels,
                     const void *kernels, const float *bias, int rectify, float *output, const float *B, const float *A,
                     float *scratch)
{
    int panels = s->outputs / s->groups / PANEL, tasks = t->positions * s->groups * panels;
    Transformed in = transformed(scratch, s->chunk, s->channels);
    Transformed out = transformed(scratch + t->positions * in.position, s->chunk, s->outputs);
    for (int first = begin; first < end; first += s->chunk) {
        int tiles = end - first < s->chunk ? end - first : s->chunk;
        transform(team, pixels, s->height, s->width, s->channels, t->side, s->padding, t, first, tiles, B, in);
        wait_for(team);
        for (int task = begin_of(team, tasks); task < end_of(team, tasks); task++) {
            int position = task / (s->groups * panels), group = task / panels % s->groups;
            const float *left = in.data + position * in.position + group * s->inputs;
            float *sums = out.data + position * out.position + task % (s->groups * panels) * PANEL;
            size_t panel = (size_t)task * s->inputs * PANEL;
            if (s->half) product(tiles, s->inputs, left, in.row, 1, (const uint16_t *)kernels + panel, PANEL, 1, sums, out.row, 0);
            else product(tiles, s->inputs, left, in.row, 1, (const float *)kernels + panel, PANEL, 0, sums, out.row, 0);
        }
        wait_for(team);
        finish(team, out, s->outputs, t, first, tiles, A, bias, rectify, output);
    }
}

/* output = convolution of pixels with transformed kernels, plus bias, rectified if asked. */
void alexnet_winograd_convolve(const Shape *s, const float *pixels, const void *kernels, const float *bias,
                               int rectify, float *output, const float *B, const float *A, float *scratch)
{
    Tiling t = tiling_of(s);
#pragma omp parallel num_threads(s->threads)
    {
        Team everyone = {omp_get_thread_num(), omp_get_num_threads()};
        if (s->alone)
            convolve(ALONE, s, &t, begin_of(everyone, t.all), end_of(everyone, t.all), pixels, kernels, bias, rectify,
                     output, B, A, scratch + everyone.member * scratch_of(s, &t));
        else
            convolve(everyone, s, &t, 0, t.all, pixels, kernels, bias, rectify, output, B, A, scratch);
    }
}

/* The correlation of some tiles, by a team. */
static void correlate(Team team, const Shape *s, const Tiling *t, int begin, int end, const float *pixels,
                      const float *gradient, float *correlation, const float *B, const float *A, float *scratch)
{
    enum { depth = 144 }; /* tiles at a time, so that a product stays in the first cache */
    int outputs = s->outputs / s->groups, panels = outputs / PANEL, tasks = t->positions * s->groups * panels;
    Transformed in = transformed(scratch, s->chunk, s->channels);
    Transformed out = transformed(scratch + t->positions * in.position, s->chunk, s->outputs);
    for (int first = begin; first < end; first += s->chunk) {
        int tiles = end - first < s->chunk ? end - first : s->chunk;
        transform(team, pixels, s->height, s->width, s->channels, t->side, s->padding, t, first, tiles, B, in);
        transform(team, gradient, t->height, t->width, s->outputs, t->step, 0, t, first, tiles, A, out);
        wait_for(team);
        for (int task = begin_of(team, tasks); task < end_of(team, tasks); task++) {
            int position = task / (s->groups * panels), group = task / panels % s->groups, panel = task % panels;
            const float *left = in.data + position * in.position + group * s->inputs;
            const float *right = out.data + position * out.position + group * outputs + panel * PANEL;
            float *sum = correlation + (size_t)(task / panels) * s->inputs * outputs + panel * PANEL;
            for (int tile = 0; tile < tiles; tile += depth)
                product(s->inputs, tiles - tile < depth ? tiles - tile : depth, left + tile * in.row, 1, in.row,
                        right + tile * out.row, out.row, 0, sum, outputs, first > begin || tile > 0);
        }
        wait_for(team);
    }
}

/* correlation = transformed pixels times transformed gradient of the output, summed over all tiles:
 * (side^2, groups, inputs, outputs), from which the gradient of the kernels follows. There is room for
 * alexnet_winograd_sums of them; the total is in the first. */
void alexnet_winograd_correlate(const Shape *s, const float *pixels, const float *gradient, float *correlation,
                                const float *B, const float *A, float *scratch)
{
    Tiling t = tiling_of(s);
    int size = t.positions * s->groups * s->inputs * (s->outputs / s->groups);
#pragma omp parallel num_threads(s->threads)
    {
        Team everyone = {omp_get_thread_num(), omp_get_num_threads()};
        if (!s->alone) correlate(everyone, s, &t, 0, t.all, pixels, gradient, correlation, B, A, scratch);
        for (int share = begin_of(everyone, SHARES); s->alone && share < end_of(everyone, SHARES); share++) {
            int begin = begin_of((Team){share, SHARES}, t.all), end = end_of((Team){share, SHARES}, t.all);
            float *sums = correlation + (size_t)share * size;
            if (begin == end) memset(sums, 0, size * sizeof(float));
            correlate(ALONE, s, &t, begin, end, pixels, gradient, sums, B, A, scratch + everyone.member * scratch_of(s, &t));
        }
        wait_for(everyone);
        for (int i = begin_of(everyone, size); s->alone && i < end_of(everyone, size); i++)
            for (int share = 1; share < SHARES; share++) correlation[i] += correlation[(size_t)share * size + i];
    }
}

/* Carry the gradient of a rectified convolution (pixels, channels) back to before rectification, and sum it
 * over pixels for the biases. Without `rectified` it is only summed. A fixed number of partial sums, whatever
 * the number of threads, gives the same bits on every machine. */
int alexnet_rectify_backward(const float *rectified, const float *gradient, float *before, float *bias_gradient,
                             int64_t pixels, int channels, int threads)
{
    enum { parts = 64 };
    float *sums = calloc((size_t)parts * channels, sizeof(float));
    if (!sums) return NO_MEMORY;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int part = 0; part < parts; part++) {
        float *sum = sums + (size_t)part * channels;
        for (int64_t i = pixels * part / parts * channels; i < pixels * (part + 1) / parts * channels; i += channels)
            for (int c = 0; c < channels; c += LANES) {
                lanes slope = load(gradient + i + c);
                if (rectified) {
                    slope = choose(load(rectified + i + c) > all(0), slope, all(0));
                    store(before + i + c, slope);
                }
                store(sum + c, load(sum + c) + slope);
            }
    }
    memset(bias_gradient, 0, channels * sizeof(float));
    for (int part = 0; part < parts; part++)
        for (int c = 0; c < channels; c++) bias_gradient[c] += sums[(size_t)part * channels + c];
    free(sums);
    return DONE;
}
