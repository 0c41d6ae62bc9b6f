/* Convolution in Winograd's form: 49 multiplications where a 3x3 or a 5x5 kernel needs 225.
 *
 * A tile of 7x7 pixels d and a kernel g of r x r give m x m outputs, m = 8 - r (5 for r = 3, 3 for r = 5):
 *
 *     outputs = A' [ (G g G') . (B' d B) ] A          (' transposes, . multiplies element by element)
 *
 * The element-wise product, summed over input channels, is 49 matrix products, one for each position in
 * the tile; they are all the work that counts. 55 = 11 x 5, 27 = 9 x 3 and 13 = 3 x 5 - 2, so the tiles fit
 * every map of the network. The three matrices come from the caller (kernels/winograd.py derives them).
 *
 * Layout: pixels are (images, height, width, channels). Transformed pixels are (49, tiles, channels), both
 * strides an odd number of cache lines so that neither rows nor positions collide in the cache. Transformed
 * kernels are (49, groups, outputs / PANEL, inputs, PANEL), the order in which the product reads them.
 *
 * Source: Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks".
 */
#include "lanes.h"
#include "product.h"

#define SIDE 7
#define POSITIONS (SIDE * SIDE)
#define LINE 16 /* floats of a cache line */

typedef struct {
    int images, height, width, channels; /* of the pixels */
    int outputs, groups, kernel, padding;
    int chunk, threads; /* images at a time, so that what is transformed stays in the cache */
} Shape;

typedef struct {
    int step;            /* outputs that a tile gives in each direction */
    int height, width;   /* of the output map */
    int across, each;    /* tiles in a row, in an image */
} Tiling;

static Tiling tiling_of(const Shape *s)
{
    Tiling t = {.step = SIDE + 1 - s->kernel};
    t.height = s->height + 2 * s->padding - s->kernel + 1;
    t.width = s->width + 2 * s->padding - s->kernel + 1;
    t.across = (t.width + t.step - 1) / t.step;
    t.each = (t.height + t.step - 1) / t.step * t.across;
    return t;
}

static size_t odd_lines(size_t floats) { return floats / LINE % 2 ? floats : floats + LINE; }

/* 49 matrices with a row for each tile. */
typedef struct {
    float *data;
    size_t row, position;
} Transformed;

static Transformed transformed(float *data, int tiles, int channels)
{
    size_t row = odd_lines(channels);
    return (Transformed){data, row, odd_lines(tiles * row)};
}

/* result (outer x outer) = matrix tile (inner x inner) matrix'. Element (i, j) of the matrix is at
 * i * row + j * column, so that a matrix serves as it is and transposed. */
INLINE void sandwich(const int outer, const int inner, const float *matrix, const int row, const int column,
                     const lanes *tile, lanes *result)
{
    lanes half[SIDE * SIDE];
    for (int x = 0; x < inner; x++)
        for (int i = 0; i < outer; i++) {
            lanes sum = matrix[i * row] * tile[x];
            for (int y = 1; y < inner; y++) sum += matrix[i * row + y * column] * tile[y * inner + x];
            half[i * inner + x] = sum;
        }
    for (int i = 0; i < outer; i++)
        for (int j = 0; j < outer; j++) {
            lanes sum = matrix[j * row] * half[i * inner];
            for (int x = 1; x < inner; x++) sum += matrix[j * row + x * column] * half[i * inner + x];
            result[i * outer + j] = sum;
        }
}

/* Transform the side x side pixels whose corner is at (top, left), zeros outside the map. */
INLINE void transform_tile(const int side, const float *matrix, const int row, const int column,
                           const float *image, int height, int width, int channels, int top, int left,
                           float *to, size_t position)
{
    static const float zeros[LANES];
    const float *pixel[POSITIONS];
    int moves[POSITIONS];
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            int inside = top + y >= 0 && top + y < height && left + x >= 0 && left + x < width;
            pixel[y * side + x] = inside ? image + ((size_t)(top + y) * width + left + x) * channels : zeros;
            moves[y * side + x] = inside;
        }
    for (int c = 0; c < channels; c += LANES) {
        lanes tile[POSITIONS], result[POSITIONS];
        for (int i = 0; i < side * side; i++) tile[i] = load(pixel[i] + (moves[i] ? c : 0));
        sandwich(SIDE, side, matrix, row, column, tile, result);
        for (int i = 0; i < POSITIONS; i++) store(to + i * position + c, result[i]);
    }
}

/* Every tile of some images: whole tiles (side 7, offset by the padding) with B', or only the outputs of
 * each tile (side 5 or 3) with A. Called by all threads together. */
static void transform(const float *pixels, int images, int height, int width, int channels, int side,
                      int offset, const Tiling *t, const float *matrix, Transformed to)
{
#pragma omp for schedule(static)
    for (int tile = 0; tile < images * t->each; tile++) {
        const float *image = pixels + (size_t)(tile / t->each) * height * width * channels;
        int top = tile % t->each / t->across * t->step - offset;
        int left = tile % t->each % t->across * t->step - offset;
        float *out = to.data + tile * to.row;
        switch (side) {
        case 7: transform_tile(7, matrix, 7, 1, image, height, width, channels, top, left, out, to.position); break;
        case 5: transform_tile(5, matrix, 1, 7, image, height, width, channels, top, left, out, to.position); break;
        case 3: transform_tile(3, matrix, 1, 7, image, height, width, channels, top, left, out, to.position); break;
        }
    }
}

/* The outputs of one tile, with bias and rectification. */
INLINE void finish_tile(const int step, const float *A, const float *from, size_t position, const float *bias,
                        int rectify, float *image, const Tiling *t, int channels, int top, int left)
{
    int rows = t->height - top < step ? t->height - top : step;
    int columns = t->width - left < step ? t->width - left : step;
    for (int c = 0; c < channels; c += LANES) {
        lanes tile[POSITIONS], result[POSITIONS];
        for (int i = 0; i < POSITIONS; i++) tile[i] = load(from + i * position + c);
        sandwich(step, SIDE, A, SIDE, 1, tile, result);
        lanes shift = bias ? load(bias + c) : all(0);
        for (int y = 0; y < rows; y++)
            for (int x = 0; x < columns; x++) {
                lanes value = result[y * step + x] + shift;
                if (rectify) value = choose(value < all(0), all(0), value);
                store(image + ((size_t)(top + y) * t->width + left + x) * channels + c, value);
            }
    }
}

static void finish(Transformed from, int images, int channels, const Tiling *t, const float *A,
                   const float *bias, int rectify, float *output)
{
#pragma omp for schedule(static)
    for (int tile = 0; tile < images * t->each; tile++) {
        float *image = output + (size_t)(tile / t->each) * t->height * t->width * channels;
        const float *sums = from.data + tile * from.row;
        int top = tile % t->each / t->across * t->step, left = tile % t->each % t->across * t->step;
        if (t->step == 5) finish_tile(5, A, sums, from.position, bias, rectify, image, t, channels, top, left);
        else finish_tile(3, A, sums, from.position, bias, rectify, image, t, channels, top, left);
    }
}

/* How many floats of scratch memory the next two functions need. */
size_t alexnet_winograd_scratch(const Shape *s)
{
    int tiles = tiling_of(s).each * s->chunk;
    return POSITIONS * (transformed(0, tiles, s->channels).position + transformed(0, tiles, s->outputs).position);
}

/* output = convolution of pixels with transformed kernels, plus bias, rectified if asked. */
void alexnet_winograd_convolve(const Shape *s, const float *pixels, const float *kernels, const float *bias,
                               int rectify, float *output, const float *B, const float *A, float *scratch)
{
    Tiling t = tiling_of(s);
    int inputs = s->channels / s->groups, panels = s->outputs / s->groups / PANEL;
    size_t image = (size_t)s->height * s->width * s->channels;
#pragma omp parallel num_threads(s->threads)
    for (int first = 0; first < s->images; first += s->chunk) {
        int images = s->images - first < s->chunk ? s->images - first : s->chunk, tiles = images * t.each;
        Transformed in = transformed(scratch, tiles, s->channels);
        Transformed out = transformed(scratch + POSITIONS * in.position, tiles, s->outputs);
        transform(pixels + first * image, images, s->height, s->width, s->channels, SIDE, s->padding, &t, B, in);
#pragma omp for schedule(static)
        for (int task = 0; task < POSITIONS * s->groups * panels; task++) {
            int position = task / (s->groups * panels), group = task / panels % s->groups;
            product(tiles, inputs, in.data + position * in.position + group * inputs, in.row, 1,
                    kernels + (size_t)task * inputs * PANEL, PANEL,
                    out.data + position * out.position + task % (s->groups * panels) * PANEL, out.row, 0);
        }
        finish(out, images, s->outputs, &t, A, bias, rectify,
               output + (size_t)first * t.height * t.width * s->outputs);
    }
}

/* correlation = transformed pixels times transformed gradient of the output, summed over all tiles:
 * (49, groups, inputs, outputs), from which the gradient of the kernels follows. */
void alexnet_winograd_correlate(const Shape *s, const float *pixels, const float *gradient, float *correlation,
                                const float *B, const float *A, float *scratch)
{
    enum { depth = 160 }; /* tiles at a time, so that both operands of a product stay in the first cache */
    Tiling t = tiling_of(s);
    int inputs = s->channels / s->groups, outputs = s->outputs / s->groups, panels = outputs / PANEL;
    size_t image = (size_t)s->height * s->width * s->channels;
    size_t output_image = (size_t)t.height * t.width * s->outputs;
#pragma omp parallel num_threads(s->threads)
    for (int first = 0; first < s->images; first += s->chunk) {
        int images = s->images - first < s->chunk ? s->images - first : s->chunk, tiles = images * t.each;
        Transformed in = transformed(scratch, tiles, s->channels);
        Transformed out = transformed(scratch + POSITIONS * in.position, tiles, s->outputs);
        transform(pixels + first * image, images, s->height, s->width, s->channels, SIDE, s->padding, &t, B, in);
        transform(gradient + first * output_image, images, t.height, t.width, s->outputs, t.step, 0, &t, A, out);
#pragma omp for schedule(static)
        for (int task = 0; task < POSITIONS * s->groups * panels; task++) {
            int position = task / (s->groups * panels), group = task / panels % s->groups, panel = task % panels;
            const float *left = in.data + position * in.position + group * inputs;
            const float *right = out.data + position * out.position + group * outputs + panel * PANEL;
            float *sum = correlation + (size_t)(task / panels) * inputs * outputs + panel * PANEL;
            for (int tile = 0; tile < tiles; tile += depth)
                product(inputs, tiles - tile < depth ? tiles - tile : depth, left + tile * in.row, 1, in.row,
                        right + tile * out.row, out.row, sum, outputs, first > 0 || tile > 0);
        }
    }
}

/* One panel of kernels: taps are gathered from PANEL kernels into lanes. */
INLINE void transform_kernels(const int kernel, const float *G, const float *weight, size_t output_stride,
                              size_t input_stride, int rotated, int inputs, float *to, size_t position)
{
    const int taps = kernel * kernel;
    for (int input = 0; input < inputs; input++)
        for (int lane = 0; lane < PANEL; lane += LANES) {
            lanes tile[POSITIONS], result[POSITIONS];
            const float *from = weight + lane * output_stride + input * input_stride;
            for (int tap = 0; tap < taps; tap++)
                for (int i = 0; i < LANES; i++) tile[tap][i] = from[i * output_stride + (rotated ? taps - 1 - tap : tap)];
            sandwich(SIDE, kernel, G, kernel, 1, tile, result);
            for (int i = 0; i < POSITIONS; i++) store(to + i * position + input * PANEL + lane, result[i]);
        }
}

/* Transform the kernels (groups, outputs, inputs, kernel, kernel) for alexnet_winograd_convolve. `rotated`
 * exchanges inputs with outputs and turns each kernel by half a circle: convolving the gradient of the
 * outputs with that gives the gradient of the pixels. */
void alexnet_winograd_kernels(const float *weight, int outputs, int inputs, int groups, int kernel, int rotated,
                              const float *G, float *to, int threads)
{
    size_t taps = kernel * kernel, position = (size_t)groups * outputs * inputs;
    int from = rotated ? outputs : inputs, panels = (rotated ? inputs : outputs) / PANEL;
    size_t output_stride = rotated ? taps : inputs * taps, input_stride = rotated ? inputs * taps : taps;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int task = 0; task < groups * panels; task++) {
        const float *source = weight + task / panels * outputs * inputs * taps + task % panels * PANEL * output_stride;
        float *panel = to + (size_t)task * from * PANEL;
        if (kernel == 3) transform_kernels(3, G, source, output_stride, input_stride, rotated, from, panel, position);
        else transform_kernels(5, G, source, output_stride, input_stride, rotated, from, panel, position);
    }
}

/* LANES outputs of one input: the gradient of each kernel is G' correlation G. */
INLINE void finish_kernels(const int kernel, const float *G, const float *from, size_t position, float *to,
                           size_t output_stride)
{
    lanes tile[POSITIONS], result[POSITIONS];
    for (int i = 0; i < POSITIONS; i++) tile[i] = load(from + i * position);
    sandwich(kernel, SIDE, G, 1, kernel, tile, result);
    for (int i = 0; i < LANES; i++)
        for (int tap = 0; tap < kernel * kernel; tap++) to[i * output_stride + tap] = result[tap][i];
}

/* The gradient of the kernels (groups, outputs, inputs, kernel, kernel) from the correlation. */
void alexnet_winograd_kernel_gradient(const float *correlation, int outputs, int inputs, int groups, int kernel,
                                      const float *G, float *gradient, int threads)
{
    size_t taps = kernel * kernel, position = (size_t)groups * inputs * outputs;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int task = 0; task < groups * inputs; task++)
        for (int output = 0; output < outputs; output += LANES) {
            const float *from = correlation + (size_t)task * outputs + output;
            float *to = gradient + ((task / inputs * (size_t)outputs + output) * inputs + task % inputs) * taps;
            if (kernel == 3) finish_kernels(3, G, from, position, to, inputs * taps);
            else finish_kernels(5, G, from, position, to, inputs * taps);
        }
}
