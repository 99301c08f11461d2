// The settings of fine-tuning. Fields are named after their flags, which trainer/flags.cc documents.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "trainer/run/config.h"

namespace newsgenre {

// The classification head.
struct ClassifierConfig {
  std::string head = "cls";       // or "pooler"
  std::optional<double> dropout;  // --classifier_dropout, 0 … 0.99; unset: 0.1, or init_from's
};

struct FinetuningConfig {
  DataConfig data;
  std::string test;  // path; empty: no test
  ModelConfig model;
  ClassifierConfig classifier;
  OptimizerConfig optimizer;
  double token_dropout = 0;  // fraction of a text's tokens, 0 … 0.99
  RunConfig run;
  std::string model_version;  // name of the release; empty: the UTC time

  // Returns INVALID_ARGUMENT if a field is out of range, and names the first one by its flag.
  absl::Status Validate() const;
};

}  // namespace newsgenre
