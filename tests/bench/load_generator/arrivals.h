// When the calls of an open-loop run are due.
#pragma once

#include <cstdint>
#include <vector>

namespace newsgenre {

// Arrival times of a Poisson process with `rate` events a second, from 0 to `seconds`, in order: the gaps are
// independent and exponentially distributed, so arrivals come in bursts as those of callers who don't know of
// each other do. The same seed gives the same times on every machine. Pure.
std::vector<double> PoissonArrivals(double rate, double seconds, uint64_t seed);

}  // namespace newsgenre
