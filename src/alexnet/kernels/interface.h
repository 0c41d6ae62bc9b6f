/* What the functions are called with, as a number that Python compares: INTERFACE of kernels/compiled.py. */
#ifndef ALEXNET_INTERFACE_H
#define ALEXNET_INTERFACE_H

#define INTERFACE 2

enum { DONE = 0, NO_MEMORY = 1 }; /* what functions return that allocate memory of their own */

#endif
