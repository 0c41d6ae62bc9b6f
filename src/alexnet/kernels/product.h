/* The matrix product that the other kernels are built on: one panel of PANEL columns, ROWS rows at a time.
 *
 * ROWS x 2 registers hold the sums; each step multiplies ROWS single numbers with two registers of the
 * panel. The left matrix is read through two strides, so it may be used as it lies or transposed.
 */
#ifndef ALEXNET_PRODUCT_H
#define ALEXNET_PRODUCT_H

#include "lanes.h"

#define PANEL (2 * LANES)
#define ROWS 6 /* 12 registers of sums, 2 of the panel, 1 of the left matrix: 15 of 16 */

INLINE void product_block(const int rows, int depth, const float *left, size_t row, size_t step, const float *panel,
                          size_t panel_step, float *result, size_t result_row, int add)
{
    lanes sums[rows][2];
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = all(0);
    for (int d = 0; d < depth; d++, left += step, panel += panel_step) {
        lanes one = load(panel), two = load(panel + LANES);
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

/* result (rows x PANEL) = left (rows x depth) panel (depth x PANEL), or is added to it. */
static void product(int rows, int depth, const float *left, size_t row, size_t step, const float *panel, size_t panel_step,
                    float *result, size_t result_row, int add)
{
    int r = 0;
    for (; r + ROWS <= rows; r += ROWS)
        product_block(ROWS, depth, left + r * row, row, step, panel, panel_step, result + r * result_row, result_row, add);
    left += r * row;
    result += r * result_row;
    switch (rows - r) {
#define LAST(n) case n: product_block(n, depth, left, row, step, panel, panel_step, result, result_row, add); break;
        LAST(1) LAST(2) LAST(3) LAST(4) LAST(5)
#undef LAST
    }
}

#endif
