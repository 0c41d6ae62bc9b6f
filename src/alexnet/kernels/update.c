/* What is left of a training step: the update of the weights, the gradient of the biases, and the folding of
 * pixels that turns a convolution with a stride into one without. */
#include <stdlib.h>
#include <string.h>

#include "lanes.h"

/* v = momentum v - decay rate w - rate g;  w = w + v   (section 5), in one pass over memory. */
void alexnet_update(float *weight, const float *gradient, float *velocity, int64_t count, float rate,
                    float momentum, float decay, int threads)
{
    float shrink = decay * rate;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < count / LANES; i++) {
        lanes w = load(weight + i * LANES);
        lanes v = momentum * load(velocity + i * LANES) - shrink * w - rate * load(gradient + i * LANES);
        store(velocity + i * LANES, v);
        store(weight + i * LANES, w + v);
    }
    for (int64_t i = count / LANES * LANES; i < count; i++) {
        velocity[i] = momentum * velocity[i] - shrink * weight[i] - rate * gradient[i];
        weight[i] += velocity[i];
    }
}

/* Carry the gradient of a rectified convolution (pixels, channels) back to before rectification, and sum it
 * over pixels for the biases. Without `rectified` it is only summed. A fixed number of partial sums, whatever
 * the number of threads, gives the same bits on every machine. */
void alexnet_rectify_backward(const float *rectified, const float *gradient, float *before, float *bias_gradient,
                              int64_t pixels, int channels, int threads)
{
    enum { parts = 64 };
    float *sums = calloc((size_t)parts * channels, sizeof(float));
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
}

/* Fold blocks of stride x stride pixels into channels: (images, channels, height, width) to (images, rows,
 * columns, channels * stride * stride), with zeros beyond the border; `top` and `left` rows of zeros before. */
void alexnet_fold(const float *pixels, float *folded, int images, int channels, int height, int width, int padding,
                  int stride, int rows, int columns, int threads)
{
    int block = channels * stride * stride;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int task = 0; task < images * rows; task++) {
        const float *image = pixels + (size_t)(task / rows) * channels * height * width;
        float *to = folded + (size_t)task * columns * block;
        for (int column = 0; column < columns; column++, to += block)
            for (int c = 0; c < channels; c++)
                for (int i = 0; i < stride; i++)
                    for (int j = 0; j < stride; j++) {
                        int y = task % rows * stride + i - padding, x = column * stride + j - padding;
                        int inside = y >= 0 && y < height && x >= 0 && x < width;
                        to[(c * stride + i) * stride + j] = inside ? image[((size_t)c * height + y) * width + x] : 0;
                    }
    }
}
