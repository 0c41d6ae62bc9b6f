/* What response normalisation divides by, in the program's two forms of it. */
#ifndef ALEXNET_POWERS_H
#define ALEXNET_POWERS_H

#include <math.h>

#include "lanes.h"

/* s^-power. The paper's 3/4 needs two square roots; any other exponent pays for pow. */
INLINE lanes shrunk(lanes s, float power)
{
    lanes result;
    if (power == 0.75f)
        for (int i = 0; i < LANES; i++) {
            float root = sqrtf(s[i]);
            result[i] = 1 / (root * sqrtf(root));
        }
    else
        for (int i = 0; i < LANES; i++) result[i] = powf(s[i], -power);
    return result;
}

#endif
