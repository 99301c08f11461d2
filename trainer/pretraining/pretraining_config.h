// The settings of pre-training. Fields are named after their flags, which trainer/flags.cc documents.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trainer/run/config.h"

namespace newsgenre {

// Pieces of text with fewer tokens, including [CLS] and [SEP], are too short to predict a masked token from.
inline constexpr int kMinPieceTokens = 8;

struct PretrainingConfig {
  std::vector<std::string> text;  // paths; may be empty if data.train is set
  DataConfig data;                // may have no `train` if `text` is set
  ModelConfig model;
  OptimizerConfig optimizer;
  RunConfig run;

  // Returns INVALID_ARGUMENT if a field is out of range, and names the first one by its flag.
  absl::Status Validate() const;
};

}  // namespace newsgenre
