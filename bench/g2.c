#include "bench.h"
void bench_g2(void){}
