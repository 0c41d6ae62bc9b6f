/* The update of the weights. */
#include "interface.h"
#include "lanes.h"

const int alexnet_interface = INTERFACE;

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
