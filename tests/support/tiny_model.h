// A random ALBERT, small enough to load in milliseconds, with the vocabulary of tests/golden.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/checkpoint/checkpoint.h"

namespace newsgenre {

// Returns the four labels of AG News.
std::vector<std::string> TinyLabels();

struct TinyModelOptions {
  std::string version = "tiny-1";
  Head head = Head::kCls;
  uint64_t seed = 1;  // of the random weights
};

// Returns a checkpoint with 2 layers, hidden size 32, 64 positions, cleaning kLatestCleaning and two
// canaries.
absl::StatusOr<Checkpoint> TinyCheckpoint(const TinyModelOptions& options = {});

// Publishes TinyCheckpoint as MODEL_DIR/<version> and points MODEL_DIR/CURRENT to it. Returns the release's
// folder.
absl::StatusOr<std::string> PublishTinyModel(const std::string& model_dir,
                                             const TinyModelOptions& options = {});

}  // namespace newsgenre
