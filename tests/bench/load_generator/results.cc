#include "tests/bench/load_generator/results.h"

#include <algorithm>
#include <cmath>

namespace newsgenre {
namespace {

using Json = nlohmann::ordered_json;

// Runs with more calls get a histogram instead of samples.
constexpr size_t kMaxSamples = 20000;
constexpr double kBucketGrowth = 1.01;

Json Milliseconds(double seconds) {
  if (seconds == kNever) return nullptr;
  return std::round(seconds * 1e6) / 1e3;
}

Json Samples(const std::vector<Call>& calls, const Window& window) {
  Json samples = Json::array();
  for (const Call& call : calls) {
    const Json end = call.ok ? Milliseconds(call.finished - window.begin) : Json(nullptr);
    samples.push_back({call.text, Milliseconds(call.latency()), end});
  }
  return samples;
}

Json Histogram(const std::vector<double>& latencies) {
  std::map<int, size_t> counts;  // keyed by exponent n of (1.01^(n-1), 1.01^n] microseconds
  size_t never = 0;
  for (const double latency : latencies) {
    if (latency == kNever) {
      ++never;
    } else {
      ++counts[static_cast<int>(std::ceil(std::log(std::max(latency * 1e6, 1.0)) / std::log(kBucketGrowth)))];
    }
  }
  Json histogram = Json::array();
  for (const auto& [exponent, count] : counts) {
    histogram.push_back({Milliseconds(std::pow(kBucketGrowth, exponent) / 1e6), count});
  }
  if (never > 0) histogram.push_back({nullptr, never});
  return histogram;
}

bool IsMeasured(const Call& call, const Window& window) {
  const double time = window.open_loop ? call.scheduled : call.finished;
  return time >= window.begin && time < window.end;
}

}  // namespace

Results Measure(const std::vector<Call>& calls, const Window& window) {
  Results results;
  size_t finished_in_window = 0;
  for (const Call& call : calls) {
    if (call.sent != kNever) ++results.sent;
    if (call.ok && call.finished >= window.begin && call.finished < window.end) ++finished_in_window;
    const bool unfinished = call.finished == kNever;
    if (!IsMeasured(call, window) && !(unfinished && !window.open_loop)) continue;
    ++(call.ok ? results.ok : unfinished ? results.unfinished : results.failed);
    results.measured.push_back(call);
    results.latencies.push_back(call.latency());
    const double delay = call.sent == kNever ? 0 : call.sent - call.scheduled;
    if (delay > kLateSeconds) ++results.sent_late;
    results.worst_delay = std::max(results.worst_delay, delay);
  }
  std::sort(results.latencies.begin(), results.latencies.end());
  results.calls_per_second = static_cast<double>(finished_in_window) / (window.end - window.begin);
  return results;
}

double Percentile(const std::vector<double>& ascending, double fraction) {
  if (ascending.empty()) return kNever;
  const double rank = std::ceil(fraction * static_cast<double>(ascending.size()));
  return ascending[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

Json ToJson(const Results& results, const Window& window) {
  Json json;
  json["seconds"] = window.end - window.begin;
  json["sent"] = results.sent;
  json["ok"] = results.ok;
  json["failed"] = results.failed;
  json["unfinished"] = results.unfinished;
  json["sent_late"] = results.sent_late;
  json["worst_delay_ms"] = Milliseconds(results.worst_delay);
  json["calls_per_second"] = results.calls_per_second;
  for (const auto& [name, fraction] : std::map<std::string, double>{
           {"p50_ms", 0.5}, {"p95_ms", 0.95}, {"p99_ms", 0.99}, {"p999_ms", 0.999}, {"max_ms", 1}}) {
    json[name] = Milliseconds(Percentile(results.latencies, fraction));
  }
  if (results.measured.size() <= kMaxSamples) {
    json["samples"] = Samples(results.measured, window);
  } else {
    json["histogram"] = Histogram(results.latencies);
  }
  return json;
}

}  // namespace newsgenre
