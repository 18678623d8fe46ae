#include "sink/order.h"

/* mean * (1 - e^-x) with x = span / mean, by a Pade approximant: within 5 % up to x = 3, then the mean. */
static int64_t expected(int64_t span_ms, int64_t mean_ms)
{
	double x = (double)span_ms / (double)mean_ms;

	if (span_ms <= 0)
		return 0;
	if (x >= 3)
		return mean_ms;
	return (int64_t)((double)mean_ms * (6 * x + x * x) / (6 + 4 * x + x * x));
}

int64_t order_rise(uint32_t weight, int64_t lease_ms, uint32_t requests)
{
	return (int64_t)weight * expected(lease_ms, ORDER_CALL_MS) / requests;
}

int64_t order_clear(int64_t left_ms, uint32_t requests)
{
	return expected(left_ms, ORDER_PAUSE_MS) / requests;
}
