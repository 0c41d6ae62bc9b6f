/* Folding: a convolution with a stride becomes one without. */
#include <stddef.h>

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
