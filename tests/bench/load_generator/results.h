// What became of the calls of a run. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace newsgenre {

constexpr double kNever = std::numeric_limits<double>::infinity();

// One call; times are seconds from the run's start.
struct Call {
  uint32_t text = 0;         // index of the text that it carried
  double scheduled = 0;      // when it was due; of a closed loop, when it was sent
  double sent = kNever;      // when it really was
  double finished = kNever;  // when the answer, or the error, was there
  bool ok = false;

  // What its caller waited from the moment at which it was due: kNever without a good answer.
  double latency() const { return ok ? finished - scheduled : kNever; }
};

// Calls that were due (open loop) or finished (closed loop) in [begin, end) are measured, the others are
// warm-up and cool-down.
struct Window {
  double begin = 0;
  double end = 0;
  bool open_loop = false;
};

// Each measured call is counted in exactly one of ok, failed and unfinished.
struct Results {
  size_t sent = 0;  // of the whole run
  size_t ok = 0;
  size_t failed = 0;
  size_t unfinished = 0;   // no answer when the run gave up waiting; of a closed loop, those of the whole run
  size_t sent_late = 0;    // sent more than kLateSeconds behind time, by the generator's own fault
  double worst_delay = 0;  // seconds that a call was sent behind time
  double calls_per_second = 0;    // good answers that came within the window, by its length
  std::vector<double> latencies;  // seconds, ascending; kNever for each that failed or did not finish
  std::vector<Call> measured;     // in the order in which they were sent
};

constexpr double kLateSeconds = 0.001;

Results Measure(const std::vector<Call>& calls, const Window& window);

// The smallest value that at least `fraction` of `ascending` do not exceed (nearest rank); kNever where there
// is none.
double Percentile(const std::vector<double>& ascending, double fraction);

// The counts, the rate, percentiles in ms (null is kNever), and every sample: while they are few as [text,
// latency in ms, ms from the window's begin to the answer], else as [ms, count], where each ms is the upper
// end of a bucket that is 1 % wide.
nlohmann::ordered_json ToJson(const Results& results, const Window& window);

}  // namespace newsgenre
