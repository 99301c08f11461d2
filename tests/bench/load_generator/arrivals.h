// Arrival times of open-loop load.
#pragma once

#include <cstdint>
#include <vector>

namespace newsgenre {

// Returns the arrival times of a Poisson process with `rate` events per second, in ascending order, from 0 to
// `seconds`. The gaps are independent and exponentially distributed, like the calls of independent callers.
// The same seed gives the same times on every machine.
std::vector<double> PoissonArrivals(double rate, double seconds, uint64_t seed);

}  // namespace newsgenre
