// One header for both homes of BLAS: Accelerate on macOS, OpenBLAS elsewhere.
#ifdef __APPLE__
#include <Accelerate/Accelerate.h>
#else
#include <cblas.h>
#endif
