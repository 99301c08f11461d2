#include "tests/bench/load_generator/arrivals.h"

#include <cmath>
#include <random>

namespace newsgenre {

std::vector<double> PoissonArrivals(double rate, double seconds, uint64_t seed) {
  std::vector<double> times;
  if (rate <= 0) return times;
  std::mt19937_64 generator(seed);
  // Inverts the distribution function at 53 random bits in (0, 1]. The standard doesn't specify the values of
  // std::exponential_distribution.
  const auto gap = [&] {
    const double uniform = static_cast<double>((generator() >> 11) + 1) * 0x1p-53;
    return -std::log(uniform) / rate;
  };
  for (double time = gap(); time < seconds; time += gap()) times.push_back(time);
  return times;
}

}  // namespace newsgenre
