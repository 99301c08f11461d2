// The table that the self-test prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace newsgenre {

// The batch sizes, in texts, that the self-test measures.
inline constexpr int kSelfTestBatches[] = {1, 8, 32, 128};

// The self-test's results for one execution path.
struct PathResult {
  std::string device;     // such as "cpu" or "cuda:0"
  std::string precision;  // such as "fp32"
  std::string path;       // "engine", "eager", "graphs", "plain"
  std::string error;      // why the path did not run; empty if it ran
  // The largest difference between a probability and that of the plain fp32 path on the CPU, and its limit.
  double difference = 0;
  double bound = 0;
  // The largest difference from the "eager" path of the same precision, with the same limit. Only set for
  // "graphs".
  std::optional<double> from_eager;
  // One per kSelfTestBatches; nullopt if a batch would take too long.
  std::vector<std::optional<double>> texts_per_second;
  double tokens_per_second = 0;             // the best of these batches
  std::optional<double> product_teraflops;  // matrix products only; 10¹² operations per second
};

// Returns whether the path ran and its differences are numbers within the bound.
bool Passed(const PathResult& result);

// Return whole lines, including the newline, with aligned columns.
std::string SelfTestHeader();
std::string SelfTestRow(const PathResult& result);
// Returns the line "3 paths, all within their bounds", or one that names the paths that failed.
std::string SelfTestVerdict(const std::vector<PathResult>& results);

}  // namespace newsgenre
