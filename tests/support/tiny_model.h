// A random ALBERT, small enough to load in milliseconds, with the vocabulary of tests/golden.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/checkpoint/checkpoint.h"

namespace newsgenre {

// AG News's four.
std::vector<std::string> TinyLabels();

struct TinyModelOptions {
  std::string version = "tiny-1";
  Head head = Head::kCls;
  // Another seed gives other weights, and so other probabilities.
  uint64_t seed = 1;
};

// 2 layers, 32 wide, 64 positions, cleaning kLatestCleaning; two canaries.
absl::StatusOr<Checkpoint> TinyCheckpoint(const TinyModelOptions& options = {});

// Publishes it as MODEL_DIR/<version> with CURRENT. Returns the release's folder.
absl::StatusOr<std::string> PublishTinyModel(const std::string& model_dir,
                                             const TinyModelOptions& options = {});

}  // namespace newsgenre
