/* Winograd's form of the kernels themselves: G g G' before a convolution, and G' c G to their gradient.
 *
 * Kernels lie as torch has them, (groups, outputs, inputs, r, r); the layout of what is transformed is winograd.c's.
 */
#include "product.h"
#include "transforms.h"

/* One panel of kernels: taps are gathered from PANEL kernels into lanes. */
INLINE void transform_kernels(const int side, const int kernel, const float *G, const float *weight, size_t output_stride,
                              size_t input_stride, int rotated, int inputs, float *to, size_t position)
{
    const int taps = kernel * kernel;
    for (int input = 0; input < inputs; input++)
        for (int lane = 0; lane < PANEL; lane += LANES) {
            lanes tile[PLACES], result[PLACES];
            const float *from = weight + lane * output_stride + input * input_stride;
            for (int tap = 0; tap < taps; tap++)
                for (int i = 0; i < LANES; i++) tile[tap][i] = from[i * output_stride + (rotated ? taps - 1 - tap : tap)];
            spread(side, kernel, G, tile, result);
            for (int i = 0; i < side * side; i++) store(to + i * position + input * PANEL + lane, result[i]);
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
        if (kernel == 3) transform_kernels(7, 3, G, source, output_stride, input_stride, rotated, from, panel, position);
        else transform_kernels(8, 5, G, source, output_stride, input_stride, rotated, from, panel, position);
    }
}

/* LANES outputs of one input: the gradient of each kernel is G' correlation G. */
INLINE void finish_kernels(const int side, const int kernel, const float *G, const float *from, size_t position,
                           float *to, size_t output_stride)
{
    lanes tile[PLACES], result[PLACES];
    for (int i = 0; i < side * side; i++) tile[i] = load(from + i * position);
    gather(side, kernel, G, tile, result);
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
            if (kernel == 3) finish_kernels(7, 3, G, from, position, to, inputs * taps);
            else finish_kernels(8, 5, G, from, position, to, inputs * taps);
        }
}
