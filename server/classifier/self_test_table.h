// The table of the self-test. No torch.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace newsgenre {

// The batch sizes, in texts, of which the self-test takes the rate.
inline constexpr int kSelfTestBatches[] = {1, 8, 32, 128};

// A way through the network, as the self-test found it.
struct PathResult {
  std::string device;     // "cpu", "cuda:0"
  std::string precision;  // "fp32"
  std::string path;       // "engine", "eager", "graphs", "plain"
  std::string error;      // why it did not run; empty where it did
  // The largest difference of a probability from the plain fp32 path on the CPU, and what it may be.
  double difference = 0;
  double bound = 0;
  std::optional<double> from_eager;  // the same from the path of this name; the bound is the same
  // By kSelfTestBatches; no value where a batch would take too long.
  std::vector<std::optional<double>> texts_per_second;
  double tokens_per_second = 0;             // at the best of them
  std::optional<double> product_teraflops;  // matrix products alone, 10¹² operations a second
};

// Whether it ran and kept to its bound; a difference that is not a number does not.
bool Passed(const PathResult& result);

// Lines with their ends; the columns stand under each other.
std::string SelfTestHeader();
std::string SelfTestRow(const PathResult& result);
// "3 paths, all within their bounds", or which are not.
std::string SelfTestVerdict(const std::vector<PathResult>& results);

}  // namespace newsgenre
