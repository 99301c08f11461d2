// Settings that fine-tuning and pre-training share, in parts: each function takes the part it uses. Fields
// are named after their flags, which trainer/flags.cc documents.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/model/albert_config.h"

namespace newsgenre {

// Each Validate() returns INVALID_ARGUMENT if a field is out of range, and names the first one by its flag.

// Labelled rows.
struct DataConfig {
  std::string train;            // path
  int64_t validation_rows = 0;  // 0: a tenth of the rows, at most 5,000
  int64_t max_bad_rows = 0;

  absl::Status Validate() const;
};

// The network. Unset fields get the defaults of ModelConfig::NewNetwork, or the values of init_from. Only
// layers and dropout can be set together with init_from.
struct NetworkConfig {
  std::optional<int> vocab_size;
  std::optional<int> embedding_size;
  std::optional<int> hidden_size;
  std::optional<int> layers;  // passes through the one shared layer
  std::optional<int> heads;
  std::optional<int> intermediate_size;
  std::optional<double> dropout;  // 0 … 0.99
};

struct ModelConfig {
  std::string init_from;          // folder; empty: from scratch
  std::optional<int> max_tokens;  // including [CLS] and [SEP]
  NetworkConfig network;

  // `min_tokens` is the smallest allowed max_tokens.
  absl::Status Validate(int min_tokens) const;

  // Returns the configuration of a network from scratch: the fields that are set, and defaults for the
  // others.
  AlbertConfig NewNetwork() const;
};

struct OptimizerConfig {
  double learning_rate = 1e-3;      // peak
  double warmup = 0.1;              // fraction of all steps, 0 … 1
  std::string schedule = "linear";  // or "constant"
  double weight_decay = 0.01;       // per step, times the learning rate
  double clip_norm = 1.0;           // 0: no clipping
  int epochs = 2;
  int64_t batch_tokens = 2048;  // per step
  int64_t batch_texts = 64;     // per step

  absl::Status Validate() const;
};

struct RunConfig {
  std::string model_dir;
  uint64_t seed = 1;
  std::string device = "auto";         // or "cpu", "cuda:N"
  std::string precision = "auto";      // or "fp32", "bf16"
  int threads = 0;                     // 0: all CPUs
  int64_t micro_batch_tokens = 16384;  // per pass through the network
  bool resume = false;
  double save_minutes = 5;      // 0: not by time
  int64_t save_steps = 0;       // 0: not by steps
  std::string metrics_address;  // HOST:PORT; empty: no endpoint
  // All flags that the command takes, by name, for the report, the release and the run's identity.
  std::map<std::string, std::string> recipe;

  absl::Status Validate() const;
};

}  // namespace newsgenre
