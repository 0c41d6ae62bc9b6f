/* The matrix product that the other kernels are built on: one panel of PANEL columns, ROWS rows at a time.
 *
 * ROWS x 2 registers hold the sums; each step multiplies ROWS single numbers with two registers of the
 * panel. The left matrix is read through two strides, so it may be used as it lies or transposed.
 */
#ifndef ALEXNET_PRODUCT_H
#define ALEXNET_PRODUCT_H

#include <immintrin.h>

#include "lanes.h"

#define PANEL (2 * LANES)
#define ROWS 6 /* 12 registers of sums, 2 of the panel, 1 of the left matrix: 15 of 16 */

/* LANES numbers of a panel, which lies in memory as floats or in half precision. */
INLINE lanes panel_at(const void *panel, size_t i, const int half)
{
    if (half) return (lanes)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)((const uint16_t *)panel + i)));
    return load((const float *)panel + i);
}

INLINE void product_block(const int rows, int depth, const float *left, size_t row, size_t step, const void *panel,
                          size_t panel_step, const int half, float *result, size_t result_row, int add)
{
    lanes sums[rows][2];
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = all(0);
    size_t at = 0;
    for (int d = 0; d < depth; d++, left += step, at += panel_step) {
        lanes one = panel_at(panel, at, half), two = panel_at(panel, at + LANES, half);
        for (int r = 0; r < rows; r++) {
            sums[r][0] += left[r * row] * one;
            sums[r][1] += left[r * row] * two;
        }
    }
    for (int r = 0; r < rows; r++, result += result_row) {
        if (add) sums[r][0] += load(result), sums[r][1] += load(result + LANES);
        store(result, sums[r][0]);
        store(result + LANES, sums[r][1]);
    }
}

/* result (rows x PANEL) = left (rows x depth) panel (depth x PANEL), or is added to it. Blocks of rows are as
 * equal as can be: a block of one row waits for its sums, whatever there is to add. */
INLINE void product(int rows, int depth, const float *left, size_t row, size_t step, const void *panel, size_t panel_step,
                    const int half, float *result, size_t result_row, int add)
{
    int blocks = (rows + ROWS - 1) / ROWS;
    for (int block = 0, r = 0; block < blocks; block++) {
        int count = rows / blocks + (block < rows % blocks);
        const float *from = left + r * row;
        float *to = result + r * result_row;
        switch (count) {
#define BLOCK(n) case n: product_block(n, depth, from, row, step, panel, panel_step, half, to, result_row, add); break;
            BLOCK(1) BLOCK(2) BLOCK(3) BLOCK(4) BLOCK(5) BLOCK(6)
#undef BLOCK
        }
        r += count;
    }
}

#endif
