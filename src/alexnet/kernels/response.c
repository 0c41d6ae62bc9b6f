/* Rectification, local response normalisation and overlapping max pooling in one pass over the map.
 *
 *     b_c = a_c / (k + alpha sum_{|i - c| <= reach} a_i^2)^beta,   a = relu(x) or x
 *
 * Pixels lie channels last, so the sum over neighbouring channels is a handful of shifted loads and a pooling
 * window is nine of them. Three normalised rows are kept in the cache at any time; nothing between the
 * convolution and the pooled map goes to memory. Backward recomputes what it needs from x alone.
 *
 * Windows are 3x3 with stride 2, clipped at the far border, so sizes round up. Among equals the first in
 * reading order takes the gradient, or each takes all of it. NaN is never hidden: it wins every comparison.
 *
 * Source: Krizhevsky et al. 2012, sections 3.3 and 3.4.
 */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "interface.h"
#include "lanes.h"
#include "powers.h"

typedef struct {
    int images, height, width, channels;
    int groups; /* the sum does not cross from one group of channels to the next */
    int rectify_before, normalize, pool, rectify_after;
    int shared; /* every one of the largest takes the gradient, as in the 2012 program */
    int reach; /* neighbours on each side, at most REACH */
    int threads;
    float alpha, beta, k;
} Response;

#define REACH LANES
#define WIDEST 4096 /* channels of a group, at most */

INLINE lanes rectified(lanes x) { return choose(x < all(0), all(0), x); }

INLINE lanes sum_around(const float *centre, int reach)
{
    lanes sum = load(centre);
    for (int i = 1; i <= reach; i++) sum += load(centre - i) + load(centre + i);
    return sum;
}

/* One group of channels of one pixel. `squares` has REACH zeros before its first number and after its last. */
INLINE void respond(const float *x, float *y, int channels, const Response *r, float *squares)
{
    for (int c = 0; c < channels; c += LANES) {
        lanes a = load(x + c);
        if (r->rectify_before) a = rectified(a);
        store(squares + c, a * a);
        store(y + c, a);
    }
    if (!r->normalize) return;
    for (int c = 0; c < channels; c += LANES)
        store(y + c, load(y + c) * shrunk(r->k + r->alpha * sum_around(squares + c, r->reach), r->beta));
}

/* dx of one group of channels of one pixel from its dy:
 * da_c = dy_c s_c^-beta - 2 alpha beta a_c sum_i q_i,  q_i = dy_i a_i s_i^(-beta-1). */
INLINE void respond_backward(const float *x, const float *dy, float *dx, int channels, const Response *r,
                             float *squares, float *q)
{
    if (r->normalize) {
        for (int c = 0; c < channels; c += LANES) {
            lanes a = load(x + c);
            if (r->rectify_before) a = rectified(a);
            store(squares + c, a * a);
        }
        for (int c = 0; c < channels; c += LANES) {
            lanes a = load(x + c), s = r->k + r->alpha * sum_around(squares + c, r->reach);
            if (r->rectify_before) a = rectified(a);
            lanes direct = load(dy + c) * shrunk(s, r->beta);
            store(dx + c, direct);
            store(q + c, direct * a / s);
        }
    }
    for (int c = 0; c < channels; c += LANES) {
        lanes a = load(x + c), slope;
        if (r->normalize) slope = load(dx + c) - (2 * r->alpha * r->beta) * a * sum_around(q + c, r->reach);
        else slope = load(dy + c);
        if (r->rectify_before) slope = choose(a > all(0), slope, all(0));
        store(dx + c, slope);
    }
}

typedef struct {
    float *rows[3], *slopes[3]; /* responses and their gradients, row y in place y % 3 */
    float *squares, *q;
} Scratch;

/* Numbers in the scratch of one thread. */
static size_t scratch_size(const Response *r) { return 6 * (size_t)r->width * r->channels + 2 * (WIDEST + 2 * REACH); }

/* This thread's part of what was allocated for all of them. */
static Scratch own_scratch(const Response *r, float *all)
{
    size_t row = (size_t)r->width * r->channels;
    float *memory = all + omp_get_thread_num() * scratch_size(r);
    Scratch s;
    for (int i = 0; i < 3; i++) s.rows[i] = memory + i * row, s.slopes[i] = memory + (3 + i) * row;
    memset(memory + 6 * row, 0, 2 * (WIDEST + 2 * REACH) * sizeof(float));
    s.squares = memory + 6 * row + REACH;
    s.q = s.squares + WIDEST + 2 * REACH;
    return s;
}

/* The paper's settings as constants that the compiler sees, which doubles the speed of these loops. */
static int as_printed(const Response *r)
{
    return r->rectify_before && r->normalize && r->beta == 0.75f && r->reach == 2;
}
#define PAPER(r) {.rectify_before = 1, .normalize = 1, .beta = 0.75f, .reach = 2, .alpha = (r)->alpha, .k = (r)->k}

static void respond_row(const Response *r, const float *x, float *y, float *squares)
{
    int channels = r->channels / r->groups;
    memset(squares + channels, 0, REACH * sizeof(float));
    if (as_printed(r)) {
        const Response paper = PAPER(r);
        for (int i = 0; i < r->width * r->groups; i++)
            respond(x + i * channels, y + i * channels, channels, &paper, squares);
    } else
        for (int i = 0; i < r->width * r->groups; i++)
            respond(x + i * channels, y + i * channels, channels, r, squares);
}

static void respond_row_backward(const Response *r, const float *x, const float *dy, float *dx, const Scratch *s)
{
    int channels = r->channels / r->groups;
    memset(s->squares + channels, 0, REACH * sizeof(float));
    memset(s->q + channels, 0, REACH * sizeof(float));
    if (as_printed(r)) {
        const Response paper = PAPER(r);
        for (int i = 0; i < r->width * r->groups; i++)
            respond_backward(x + i * channels, dy + i * channels, dx + i * channels, channels, &paper, s->squares, s->q);
    } else
        for (int i = 0; i < r->width * r->groups; i++)
            respond_backward(x + i * channels, dy + i * channels, dx + i * channels, channels, r, s->squares, s->q);
}

/* Without normalisation between them, rectifying before the pool and after it are the same. */
INLINE int rectifies(const Response *r) { return r->rectify_after || (r->rectify_before && !r->normalize); }

/* The larger of the two, the first where they are equal; NaN is larger than anything. */
INLINE lanes larger(lanes best, lanes next) { return choose((next > best) | (next != next), next, best); }

static void pool_row(const Response *r, const float *const *rows, int top, float *out)
{
    int bottom = top + 3 < r->height ? top + 3 : r->height;
    for (int left = 0, j = 0; j < r->width / 2; j++, left += 2) {
        int right = left + 3 < r->width ? left + 3 : r->width;
        for (int c = 0; c < r->channels; c += LANES) {
            lanes best = load(rows[top % 3] + left * r->channels + c);
            for (int y = top; y < bottom; y++)
                for (int x = left; x < right; x++) best = larger(best, load(rows[y % 3] + x * r->channels + c));
            if (rectifies(r)) best = rectified(best);
            store(out + j * r->channels + c, best);
        }
    }
}

/* Hand the gradients of one window's maxima to the places they came from. */
INLINE void hand_back(const Response *r, const int high, const int wide, const float *const *rows, float *const *slopes,
                      int top, int left, const float *gradient)
{
    for (int c = 0; c < r->channels; c += LANES) {
        lanes here[3][3], given = load(gradient + c);
        for (int y = 0; y < high; y++)
            for (int x = 0; x < wide; x++) here[y][x] = load(rows[(top + y) % 3] + (left + x) * r->channels + c);
        lanes best = load(rows[top % 3] + left * r->channels + c);
        for (int y = 0; y < high; y++)
            for (int x = 0; x < wide; x++) best = larger(best, here[y][x]);
        if (rectifies(r)) given = choose(best > all(0), given, all(0));
        for (int y = 0; y < high; y++)
            for (int x = 0; x < wide; x++) {
                marks winner = (here[y][x] == best) | (here[y][x] != here[y][x]);
                float *slope = slopes[(top + y) % 3] + (left + x) * r->channels + c;
                store(slope, load(slope) + choose(winner, given, all(0)));
                if (!r->shared) given = choose(winner, all(0), given);
            }
    }
}

static void pool_row_backward(const Response *r, const float *const *rows, float *const *slopes, int top,
                              const float *gradient)
{
    int high = top + 3 < r->height ? 3 : r->height - top;
    for (int left = 0; left < r->width / 2 * 2; left += 2, gradient += r->channels) {
        int wide = left + 3 < r->width ? 3 : r->width - left;
        if (high == 3 && wide == 3) hand_back(r, 3, 3, rows, slopes, top, left, gradient); /* unrolled */
        else hand_back(r, high, wide, rows, slopes, top, left, gradient);
    }
}

int alexnet_response_forward(const Response *r, const float *x, float *out)
{
    size_t row = (size_t)r->width * r->channels;
    int pooled = r->height / 2, bands = r->images < 8 ? 8 : 1; /* few images: share each among the threads */
    int lines = r->pool ? pooled : r->height;
    float *memory = malloc(r->threads * scratch_size(r) * sizeof(float));
    if (!memory) return NO_MEMORY;
#pragma omp parallel for schedule(static) num_threads(r->threads)
    for (int task = 0; task < r->images * bands; task++) {
        int image = task / bands, band = task % bands;
        const float *from = x + image * r->height * row;
        Scratch s = own_scratch(r, memory);
        const float *rows[3]; /* what is pooled: the responses, or without normalisation the pixels themselves */
        for (int line = lines * band / bands, known = 2 * line; line < lines * (band + 1) / bands; line++) {
            if (r->pool) {
                for (; known <= 2 * line + 2 && known < r->height; known++) {
                    rows[known % 3] = r->normalize ? s.rows[known % 3] : from + known * row;
                    if (r->normalize) respond_row(r, from + known * row, s.rows[known % 3], s.squares);
                }
                pool_row(r, rows, 2 * line, out + ((size_t)image * pooled + line) * (r->width / 2) * r->channels);
            } else
                respond_row(r, from + line * row, out + (image * (size_t)r->height + line) * row, s.squares);
        }
    }
    free(memory);
    return DONE;
}

int alexnet_response_backward(const Response *r, const float *x, const float *gradient, float *dx)
{
    size_t row = (size_t)r->width * r->channels;
    int pooled = r->height / 2;
    float *memory = malloc(r->threads * scratch_size(r) * sizeof(float));
    if (!memory) return NO_MEMORY;
#pragma omp parallel for schedule(static) num_threads(r->threads)
    for (int image = 0; image < r->images; image++) {
        const float *from = x + image * r->height * row;
        float *to = dx + image * r->height * row;
        Scratch s = own_scratch(r, memory);
        const float *rows[3];
        float *slopes[3];
        if (!r->pool)
            for (int y = 0; y < r->height; y++)
                respond_row_backward(r, from + y * row, gradient + (image * (size_t)r->height + y) * row, to + y * row, &s);
        for (int line = 0, known = 0, done = 0; r->pool && line < pooled; line++) {
            for (; known <= 2 * line + 2 && known < r->height; known++) {
                rows[known % 3] = r->normalize ? s.rows[known % 3] : from + known * row;
                slopes[known % 3] = r->normalize ? s.slopes[known % 3] : to + known * row;
                if (r->normalize) respond_row(r, from + known * row, s.rows[known % 3], s.squares);
                memset(slopes[known % 3], 0, row * sizeof(float));
            }
            pool_row_backward(r, rows, slopes, 2 * line,
                              gradient + ((size_t)image * pooled + line) * (r->width / 2) * r->channels);
            for (; r->normalize && done < (line + 1 < pooled ? 2 * line + 2 : r->height); done++)
                respond_row_backward(r, from + done * row, s.slopes[done % 3], to + done * row, &s);
        }
    }
    free(memory);
    return DONE;
}
