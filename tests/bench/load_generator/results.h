// Statistics of the calls of a run.
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

// One call. Times are seconds since the start of the run.
struct Call {
  uint32_t text = 0;         // index of its text
  double scheduled = 0;      // due time in an open loop, time of sending in a closed loop
  double sent = kNever;      // actual time of sending
  double finished = kNever;  // time of the response or the error
  bool ok = false;

  // Returns the seconds from the due time to the response, or kNever if the call did not succeed.
  double latency() const { return ok ? finished - scheduled : kNever; }
};

// The measured part of a run: the calls that were due (open loop) or finished (closed loop) in [begin, end).
// The other calls are warm-up and cool-down.
struct Window {
  double begin = 0;
  double end = 0;
  bool open_loop = false;
};

// Each measured call is counted in exactly one of ok, failed and unfinished.
struct Results {
  size_t sent = 0;  // in the whole run
  size_t ok = 0;
  size_t failed = 0;
  size_t unfinished = 0;        // without a response; in a closed loop, during the whole run
  size_t sent_late = 0;         // sent more than kLateSeconds after the due time, because of the generator
  double worst_delay = 0;       // largest difference between the time of sending and the due time, in seconds
  double calls_per_second = 0;  // successful calls that finished in the window, divided by its length
  std::vector<double> latencies;  // seconds, ascending; kNever for failed and unfinished calls
  std::vector<Call> measured;     // in the order of sending
};

constexpr double kLateSeconds = 0.001;

Results Measure(const std::vector<Call>& calls, const Window& window);

// Returns the nearest-rank percentile: the smallest value that is at least as large as `fraction` of the
// values. `ascending` must be sorted. Returns kNever if it is empty.
double Percentile(const std::vector<double>& ascending, double fraction);

// Returns the counts, the rate, percentiles in ms (null is kNever) and the latencies. A short run has
// "samples", [text, latency in ms, ms from the start of the window to the response]. A long run has
// "histogram", [ms, count], where ms is the upper end of a bucket that is 1 % wide.
nlohmann::ordered_json ToJson(const Results& results, const Window& window);

}  // namespace newsgenre
