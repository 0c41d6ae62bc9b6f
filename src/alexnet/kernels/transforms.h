/* Winograd's transforms of a tile in registers: from n x n values to side x side points and back.
 *
 * A matrix has a row for each point: p, -p for three numbers p, then 0 where there are 8 points, then infinity.
 * What a pair of rows gives differs only in the sign of the odd places, so each pair costs one row; the rows of 0
 * and infinity are empty in every other place, or in all but one where there are fewer values than points.
 */
#ifndef ALEXNET_TRANSFORMS_H
#define ALEXNET_TRANSFORMS_H

#include "lanes.h"

#define WIDEST 8
#define PLACES (WIDEST * WIDEST)

INLINE lanes every_other(const int n, const int first, const float *row, const lanes *value, const int apart)
{
    lanes sum = row[first] * value[first * apart];
    for (int j = first + 2; j < n; j += 2) sum += row[j] * value[j * apart];
    return sum;
}

/* point (side) = matrix (side x n) value (n) */
INLINE void to_points(const int side, const int n, const float *matrix, const lanes *value, const int apart,
                      lanes *point, const int points_apart)
{
    for (int i = 0; i < 6; i += 2) {
        lanes even = every_other(n, 0, matrix + i * n, value, apart);
        lanes odd = every_other(n, 1, matrix + i * n, value, apart);
        point[i * points_apart] = even + odd;
        point[(i + 1) * points_apart] = even - odd;
    }
    if (side == 8) point[6 * points_apart] = every_other(n == side ? n : 1, 0, matrix + 6 * n, value, apart);
    point[(side - 1) * points_apart] = every_other(n, n == side ? (side - 1) % 2 : n - 1, matrix + (side - 1) * n, value, apart);
}

/* value (n) = matrix' (n x side) point (side), for n < side */
INLINE void from_points(const int side, const int n, const float *matrix, const lanes *point, const int apart,
                        lanes *value, const int values_apart)
{
    lanes sum[3], difference[3];
    for (int i = 0; i < 3; i++) {
        sum[i] = point[2 * i * apart] + point[(2 * i + 1) * apart];
        difference[i] = point[2 * i * apart] - point[(2 * i + 1) * apart];
    }
    for (int j = 0; j < n; j++) {
        const lanes *part = j % 2 ? difference : sum;
        lanes total = matrix[j] * part[0] + matrix[2 * n + j] * part[1] + matrix[4 * n + j] * part[2];
        if (side == 8 && j == 0) total += matrix[6 * n] * point[6 * apart];
        if (j == n - 1) total += matrix[(side - 1) * n + j] * point[(side - 1) * apart];
        value[j * values_apart] = total;
    }
}

/* result (side x side) = matrix tile (n x n) matrix' */
INLINE void spread(const int side, const int n, const float *matrix, const lanes *tile, lanes *result)
{
    lanes half[PLACES];
    for (int x = 0; x < n; x++) to_points(side, n, matrix, tile + x, n, half + x, n);
    for (int i = 0; i < side; i++) to_points(side, n, matrix, half + i * n, 1, result + i * side, 1);
}

/* result (n x n) = matrix' tile (side x side) matrix */
INLINE void gather(const int side, const int n, const float *matrix, const lanes *tile, lanes *result)
{
    lanes half[PLACES];
    for (int x = 0; x < side; x++) from_points(side, n, matrix, tile + x, side, half + x, side);
    for (int i = 0; i < n; i++) from_points(side, n, matrix, half + i * side, 1, result + i * n, 1);
}

#endif
