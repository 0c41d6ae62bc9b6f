/* Pixels on their way into a batch: the central square of a decoded picture, scaled; crops, mirrored; floats.
 *
 * No OpenMP here: these run in the threads and processes that read pictures, each on its own. */
#include <immintrin.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 22 }; /* of a weight's fraction: with 8 of a pixel and a sign they fill 32, as in Pillow */
enum { MOST_TAPS = 256 }; /* a shrinking by 126 */

/* The antialiased bilinear weights of `side` results spread over from `first` to `first + length` of `size`
 * pixels: each result has up to `taps` of them, from pixel `starts[i]` on. Same arithmetic as Pillow, same bits.
 * Returns the most that a result has. */
static int weigh(double first, double length, int size, int side, int taps, int32_t *starts, int32_t *counts,
                  int32_t *weights)
{
    double scale = length / side, reach = scale < 1 ? 1 : scale;
    double raw[MOST_TAPS];
    int most = 0;
    for (int i = 0; i < side; i++) {
        double centre = first + (i + 0.5) * scale, total = 0;
        int start = (int)(centre - reach + 0.5), stop = (int)(centre + reach + 0.5);
        start = start < 0 ? 0 : start;
        stop = stop > size ? size : stop;
        for (int j = start; j < stop; j++) {
            double away = (j - centre + 0.5) * (1.0 / reach);
            away = away < 0 ? -away : away;
            raw[j - start] = away < 1 ? 1 - away : 0;
            total += raw[j - start];
        }
        for (int j = 0; j < taps; j++) {
            double share = j < stop - start && total != 0 ? raw[j] / total : 0;
            weights[i * taps + j] = (int32_t)(0.5 + share * (1 << BITS));
        }
        starts[i] = start;
        counts[i] = stop - start;
        most = counts[i] > most ? counts[i] : most;
    }
    return most;
}

/* Read eight bytes as eight integers. */
static inline __m256i widened(const uint8_t *from)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
}

/* Sum one result of the horizontal pass: 2 * pairs pixels from `from` on, three bytes each, two side by side. */
static inline __m128i across_sum(const uint8_t *from, const __m256i *weight, int pairs)
{
    const __m128i apart = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256i sum = _mm256_setzero_si256();
    for (int pair = 0; pair < pairs; pair++, from += 6) {
        __m128i two = _mm_shuffle_epi8(_mm_loadl_epi64((const __m128i *)from), apart);
        sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(two), weight[pair]));
    }
    return _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

/* Scale one row of RGB pixels to `side` columns in three planes, a multiple of four of them.
 *
 * Weights are positive and sum to one, so a sum leaves 0 to 255 by rounding alone, and the shift takes that off. */
static inline __attribute__((always_inline)) void squeeze(const uint8_t *row, int side, int pairs,
                                                          const int32_t *starts, const __m256i *weights,
                                                          uint8_t *to, size_t plane)
{
    const __m128i by_colour = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m128i half = _mm_set1_epi32(1 << (BITS - 1));
    for (int x = 0; x < side; x += 4, to += 4) {
        __m128i sums[4];
        for (int i = 0; i < 4; i++) {
            const uint8_t *from = row + starts[x + i] * 3;
            sums[i] = across_sum(from, weights + (x + i) * pairs, pairs);
            sums[i] = _mm_srli_epi32(_mm_add_epi32(sums[i], half), BITS);
        }
        __m128i words = _mm_packus_epi32(sums[0], sums[1]), more = _mm_packus_epi32(sums[2], sums[3]);
        __m128i colours = _mm_shuffle_epi8(_mm_packus_epi16(words, more), by_colour);
        int32_t red = _mm_extract_epi32(colours, 0), green = _mm_extract_epi32(colours, 1);
        int32_t blue = _mm_extract_epi32(colours, 2);
        memcpy(to, &red, 4);
        memcpy(to + plane, &green, 4);
        memcpy(to + 2 * plane, &blue, 4);
    }
}

/* Scale one plane's rows to one row of `side` results. */
static void flatten(const uint8_t *from, int wide, int side, const int32_t *weight, int count, uint8_t *to)
{
    int x = 0;
    for (; x + 8 <= side; x += 8) {
        __m256i sum = _mm256_set1_epi32(1 << (BITS - 1));
        for (int tap = 0; tap < count; tap++) {
            __m256i row = widened(from + (size_t)tap * wide + x);
            sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(row, _mm256_set1_epi32(weight[tap])));
        }
        sum = _mm256_srli_epi32(sum, BITS);
        __m128i low = _mm256_castsi256_si128(sum), high = _mm256_extracti128_si256(sum, 1);
        __m128i words = _mm_packus_epi32(low, high);
        _mm_storel_epi64((__m128i *)(to + x), _mm_packus_epi16(words, words));
    }
    for (; x < side; x++) {
        int32_t sum = 1 << (BITS - 1);
        for (int tap = 0; tap < count; tap++) sum += from[(size_t)tap * wide + x] * weight[tap];
        to[x] = (uint8_t)(sum >> BITS);
    }
}

/* Scale the central square of RGB pixels (height, width, 3) to (3, side, side).
 * Returns 0; 1 without memory; 2 where the picture is shrunk more than the tables hold. */
int alexnet_square(const uint8_t *pixels, int height, int width, int side, uint8_t *square)
{
    int shorter = height < width ? height : width, wide = (side + 3) / 4 * 4, status = 1;
    double reach = (double)shorter / side < 1 ? 1 : (double)shorter / side;
    int pairs = (int)reach + 2, taps = 2 * pairs;
    if (taps > MOST_TAPS) return 2;
    size_t row = (size_t)width * 3, plane = (size_t)wide * height, table = (size_t)wide * (taps + 2);
    int32_t *tables = calloc(2 * table, sizeof(int32_t));
    __m256i *doubled = aligned_alloc(sizeof(__m256i), sizeof(__m256i) * wide * (size_t)pairs);
    size_t beyond = sizeof(__m256i) * pairs; /* bytes that may be read past the last result, and count nothing */
    uint8_t *between = malloc(3 * plane), *last = calloc(row + beyond, 1);
    if (tables && doubled && between && last) {
        int32_t *across = tables, *left = across + (size_t)wide * taps, *columns = left + wide;
        int32_t *down = tables + table, *top = down + (size_t)wide * taps, *rows = top + wide;
        int most = weigh((width - shorter) / 2.0, shorter, width, side, taps, left, columns, across);
        weigh((height - shorter) / 2.0, shorter, height, side, taps, top, rows, down);
        pairs = (most + 1) / 2;
        for (int i = 0; i < wide * pairs; i++) {
            int32_t *pair = across + i / pairs * taps + i % pairs * 2, a = pair[0], b = pair[1];
            doubled[i] = _mm256_setr_epi32(a, a, a, a, b, b, b, b);
        }
        for (int y = top[0]; y < top[side - 1] + rows[side - 1]; y++) {
            const uint8_t *from = pixels + y * row;
            if ((height - y - 1) * row < beyond) from = memcpy(last, from, row);
            if (pairs == 2) squeeze(from, wide, 2, left, doubled, between + (size_t)y * wide, plane);
            else squeeze(from, wide, pairs, left, doubled, between + (size_t)y * wide, plane);
        }
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < side; y++)
                flatten(between + c * plane + (size_t)top[y] * wide, wide, side, down + y * taps, rows[y],
                        square + ((size_t)c * side + y) * side);
        status = 0;
    }
    free(tables);
    free(doubled);
    free(between);
    free(last);
    return status;
}

/* Take RGB pixels apart into three planes. */
void alexnet_planes(const uint8_t *restrict pixels, int64_t count, uint8_t *restrict planes)
{
    uint8_t *red = planes, *green = planes + count, *blue = planes + 2 * count;
    for (int64_t i = 0; i < count; i++) {
        red[i] = pixels[3 * i];
        green[i] = pixels[3 * i + 1];
        blue[i] = pixels[3 * i + 2];
    }
}

/* Where the crop of each picture begins, and whether it is turned about: what the next two are given.
 * `images` is (count, 3, size, size), `offsets` (count, 2) rows and columns, results (count, 3, side, side). */
static const uint8_t *row_of(const uint8_t *images, int size, const int32_t *offsets, int picture, int plane, int y)
{
    size_t row = ((size_t)picture * 3 + plane) * size + offsets[2 * picture] + y;
    return images + row * size + offsets[2 * picture + 1];
}

/* Cut and mirror: bytes to bytes. */
void alexnet_crop(const uint8_t *images, int count, int size, int side, const int32_t *offsets,
                  const uint8_t *mirrored, uint8_t *crops)
{
    const __m128i backward = _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    for (int picture = 0; picture < count; picture++)
        for (int plane = 0; plane < 3; plane++)
            for (int y = 0; y < side; y++, crops += side) {
                const uint8_t *row = row_of(images, size, offsets, picture, plane, y);
                if (!mirrored[picture]) {
                    memcpy(crops, row, side);
                    continue;
                }
                int x = 0;
                for (; x + 16 <= side; x += 16) {
                    __m128i bytes = _mm_loadu_si128((const __m128i *)(row + side - 16 - x));
                    _mm_storeu_si128((__m128i *)(crops + x), _mm_shuffle_epi8(bytes, backward));
                }
                for (; x < side; x++) crops[x] = row[side - 1 - x];
            }
}

/* Cut, mirror, add a colour to each picture (`shifts`, (count, 3)) and divide: bytes to floats. */
void alexnet_vary(const uint8_t *images, int count, int size, int side, const int32_t *offsets,
                  const uint8_t *mirrored, const float *shifts, float divisor, float *varied)
{
    const __m256i backward = _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    const __m256 divisors = _mm256_set1_ps(divisor);
    for (int picture = 0; picture < count; picture++)
        for (int plane = 0; plane < 3; plane++) {
            float shift = shifts[3 * picture + plane];
            const __m256 colour = _mm256_set1_ps(shift);
            for (int y = 0; y < side; y++, varied += side) {
                const uint8_t *row = row_of(images, size, offsets, picture, plane, y);
                int turned = mirrored[picture], x = 0;
                for (; x + 8 <= side; x += 8) {
                    __m256i eight = widened(turned ? row + side - 8 - x : row + x);
                    if (turned) eight = _mm256_permutevar8x32_epi32(eight, backward);
                    __m256 value = _mm256_add_ps(_mm256_cvtepi32_ps(eight), colour);
                    if (divisor != 1) value = _mm256_div_ps(value, divisors);
                    _mm256_storeu_ps(varied + x, value);
                }
                for (; x < side; x++) {
                    float value = (float)row[turned ? side - 1 - x : x] + shift;
                    varied[x] = divisor != 1 ? value / divisor : value;
                }
            }
        }
}
