#include "bench.h"
void bench_g3(void){}
