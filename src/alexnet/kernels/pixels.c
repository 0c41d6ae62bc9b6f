/* Pixels on their way into a batch: the central square of a decoded picture, scaled; crops, mirrored; floats.
 *
 * No OpenMP here: these run in the threads and processes that read pictures, each on its own. */
#include <immintrin.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "interface.h"

const int alexnet_interface = INTERFACE;

enum { BITS = 22 }; /* of a weight's fraction: with 8 of a pixel and a sign they fill 32, as in Pillow */
enum { HALF = BITS / 2 };
enum { COLOUR_BITS = 14 }; /* of a linear light */
enum { TOO_LARGE = 2 }; /* beside DONE and NO_MEMORY: a picture that there are no tables for */
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

/* Sums of two results of the horizontal pass, one in each half: 4 * fours pixels of three bytes from `left` and
 * from `right` on. Pixels lie in pairs beside each other, so that one instruction multiplies and adds two; it takes
 * words of 16 bits, so that each weight comes in two parts, HALF bits below and the rest above. */
static inline __m256i across_sums(const uint8_t *left, const uint8_t *right, const __m256i *weight, int fours)
{
    const __m256i first = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,
                                           0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
    const __m256i second = _mm256_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1,
                                            6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    __m256i above = _mm256_setzero_si256(), below = _mm256_set1_epi32(1 << (BITS - 1));
    for (int four = 0; four < fours; four++, left += 12, right += 12, weight += 4) {
        __m256i bytes = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)left));
        bytes = _mm256_inserti128_si256(bytes, _mm_loadu_si128((const __m128i *)right), 1);
        __m256i pair = _mm256_shuffle_epi8(bytes, first), other = _mm256_shuffle_epi8(bytes, second);
        above = _mm256_add_epi32(above, _mm256_madd_epi16(pair, weight[0]));
        below = _mm256_add_epi32(below, _mm256_madd_epi16(pair, weight[1]));
        above = _mm256_add_epi32(above, _mm256_madd_epi16(other, weight[2]));
        below = _mm256_add_epi32(below, _mm256_madd_epi16(other, weight[3]));
    }
    return _mm256_srli_epi32(_mm256_add_epi32(_mm256_slli_epi32(above, HALF), below), BITS);
}

/* Scale one row of RGB pixels to `side` columns in three planes, a multiple of eight of them.
 *
 * Weights are positive and sum to one, so a sum leaves 0 to 255 by rounding alone, and the shift takes that off. */
static inline __attribute__((always_inline)) void squeeze(const uint8_t *row, int side, int fours,
                                                          const int32_t *starts, const __m256i *weights,
                                                          uint8_t *to, size_t plane)
{
    const __m256i by_colour = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
                                               0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for (int x = 0; x < side; x += 8, to += 8) {
        __m256i sums[4]; /* of results i and i + 4 */
        for (int i = 0; i < 4; i++)
            sums[i] = across_sums(row + starts[x + i] * 3, row + starts[x + i + 4] * 3,
                                  weights + (x / 2 + i) * 4 * fours, fours);
        __m256i words = _mm256_packus_epi32(sums[0], sums[1]), more = _mm256_packus_epi32(sums[2], sums[3]);
        __m256i colours = _mm256_shuffle_epi8(_mm256_packus_epi16(words, more), by_colour);
        __m128i low = _mm256_castsi256_si128(colours), high = _mm256_extracti128_si256(colours, 1);
        __m128i two = _mm_unpacklo_epi32(low, high), blue = _mm_unpackhi_epi32(low, high);
        _mm_storel_epi64((__m128i *)to, two);
        _mm_storeh_pd((double *)(to + plane), _mm_castsi128_pd(two));
        _mm_storel_epi64((__m128i *)(to + 2 * plane), blue);
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

/* Arrange weights for `across_sums`: those of results i and i + 4 of each eight, four taps at a time. */
static void arrange(int wide, int taps, int fours, const int32_t *weights, __m256i *arranged)
{
    for (int place = 0; place < wide / 2; place++)
        for (int pair = 0; pair < 2 * fours; pair++) {
            const int32_t *left = weights + (place / 4 * 8 + place % 4) * taps + 2 * pair, *right = left + 4 * taps;
            int a = left[0], b = left[1], c = right[0], d = right[1], mask = (1 << HALF) - 1;
            int above = a >> HALF | b >> HALF << 16, below = (a & mask) | (b & mask) << 16;
            int above_too = c >> HALF | d >> HALF << 16, below_too = (c & mask) | (d & mask) << 16;
            *arranged++ = _mm256_setr_epi32(above, above, above, 0, above_too, above_too, above_too, 0);
            *arranged++ = _mm256_setr_epi32(below, below, below, 0, below_too, below_too, below_too, 0);
        }
}

/* Scale the central square of RGB pixels (height, width, 3) to (3, side, side).
 * Returns DONE, NO_MEMORY, or TOO_LARGE where the picture is shrunk more than the tables hold. */
int alexnet_square(const uint8_t *pixels, int height, int width, int side, uint8_t *square)
{
    int shorter = height < width ? height : width, wide = (side + 7) / 8 * 8, status = NO_MEMORY;
    double reach = (double)shorter / side < 1 ? 1 : (double)shorter / side;
    int fours = ((int)reach * 2 + 3 + 3) / 4, taps = 4 * fours;
    if (taps > MOST_TAPS) return TOO_LARGE;
    size_t row = (size_t)width * 3, plane = (size_t)wide * height, table = (size_t)wide * (taps + 2);
    int32_t *tables = calloc(2 * table, sizeof(int32_t));
    __m256i *arranged = aligned_alloc(sizeof(__m256i), sizeof(__m256i) * wide * 2 * (size_t)fours);
    size_t beyond = 12 * (size_t)fours + 4; /* bytes that may be read past the last result, and count nothing */
    uint8_t *between = malloc(3 * plane), *last = calloc(row + beyond, 1);
    if (tables && arranged && between && last) {
        int32_t *across = tables, *left = across + (size_t)wide * taps, *columns = left + wide;
        int32_t *down = tables + table, *top = down + (size_t)wide * taps, *rows = top + wide;
        int most = weigh((width - shorter) / 2.0, shorter, width, side, taps, left, columns, across);
        weigh((height - shorter) / 2.0, shorter, height, side, taps, top, rows, down);
        fours = (most + 3) / 4;
        arrange(wide, taps, fours, across, arranged);
        for (int y = top[0]; y < top[side - 1] + rows[side - 1]; y++) {
            const uint8_t *from = pixels + y * row;
            if ((height - y - 1) * row < beyond) from = memcpy(last, from, row);
            if (fours == 1) squeeze(from, wide, 1, left, arranged, between + (size_t)y * wide, plane);
            else squeeze(from, wide, fours, left, arranged, between + (size_t)y * wide, plane);
        }
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < side; y++)
                flatten(between + c * plane + (size_t)top[y] * wide, wide, side, down + y * taps, rows[y],
                        square + ((size_t)c * side + y) * side);
        status = DONE;
    }
    free(tables);
    free(arranged);
    free(between);
    free(last);
    return status;
}

/* Convert colours by tables: `shares` (3, 256, 4), what each value of a colour adds to the light of the three results,
 * and `curve`, 0 to 1 << COLOUR_BITS, the value of a light. A pixel is `apart` bytes from the next, and a colour
 * `between` from the next colour. */
void alexnet_recolour(const uint8_t *pixels, int64_t apart, int64_t between, int64_t count, const int32_t *shares,
                      const uint8_t *curve, uint8_t *found)
{
    const __m128i *red = (const __m128i *)shares, *green = red + 256, *blue = green + 256;
    const __m128i most = _mm_set1_epi32(1 << COLOUR_BITS);
    for (int64_t i = 0; i < count; i++, pixels += apart, found += apart) {
        __m128i light = _mm_add_epi32(_mm_loadu_si128(red + pixels[0]), _mm_loadu_si128(green + pixels[between]));
        light = _mm_add_epi32(light, _mm_loadu_si128(blue + pixels[2 * between]));
        light = _mm_min_epi32(_mm_max_epi32(light, _mm_setzero_si128()), most);
        found[0] = curve[_mm_extract_epi32(light, 0)];
        found[between] = curve[_mm_extract_epi32(light, 1)];
        found[2 * between] = curve[_mm_extract_epi32(light, 2)];
    }
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
