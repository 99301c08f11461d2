// What the trainer's commands are told. Filled from flags (flags.h); tests fill it by hand.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/model/albert_config.h"

namespace newsgenre {

// The network made from nothing, with its vocabulary. A starting point brings all of these, and refuses them
// but for the dropouts and the layers, which share their weights: there may be more or fewer of them.
struct NetworkConfig {
  std::optional<int> vocab_size;             // pieces; 8,000
  std::optional<int> embedding_size;         // 128
  std::optional<int> hidden_size;            // 256
  std::optional<int> layers;                 // passes through the one shared layer; 3
  std::optional<int> heads;                  // attention heads; 4
  std::optional<int> intermediate_size;      // 4 * hidden_size
  std::optional<double> dropout;             // of embeddings, hidden states and attention, 0 … 1; 0.1
  std::optional<double> classifier_dropout;  // in front of the last linear map, 0 … 1; 0.1
};

struct TrainerConfig {
  // Data
  std::string train;            // labelled rows to learn from and to validate with; required
  std::string test;             // labelled rows for one test at the end; none: no test
  int64_t validation_rows = 0;  // rows split off `train`; 0: a tenth of it, at most 5,000
  int64_t max_bad_rows = 0;     // of a file, that may be left out

  // Model
  std::string model_dir;      // where the release goes; required
  std::string model_version;  // the release's name; empty: the UTC time
  std::string init_from;      // checkpoint or Hugging Face folder to start from; empty: from nothing
  std::string head = "cls";   // "cls" or "pooler"
  std::optional<int>
      max_tokens;  // tokens read of a text, [CLS] and [SEP] included; 512, or as `init_from` has it
  NetworkConfig network;

  // Optimisation
  double learning_rate = 1e-3;      // at its peak, per step
  double warmup = 0.1;              // fraction of all steps, 0 … 1
  std::string schedule = "linear";  // behind the warm-up: "linear" to 0, or "constant"
  double weight_decay = 0.01;       // per step, times the learning rate
  double clip_norm = 1.0;           // bound on the norm of all gradients together; 0: none
  int epochs = 2;
  double token_dropout = 0;     // fraction of a text's tokens that a step doesn't see, 0 … 1
  int64_t batch_tokens = 2048;  // most tokens of a step
  int64_t batch_texts = 64;     // most texts of a step

  // Running
  uint64_t seed = 1;
  std::string device = "auto";         // "auto", "cpu" or "cuda:N"
  std::string precision = "auto";      // of the products: "auto", "fp32" or "bf16"
  int threads = 0;                     // CPU threads; 0: all
  int64_t micro_batch_tokens = 16384;  // most tokens that pass the network at once
  bool resume = false;                 // go on from the state that is there
  double save_minutes = 5;             // between two saved states; 0: not by time
  int64_t save_steps = 0;              // likewise in steps
  std::string metrics_address;         // HOST:PORT for Prometheus; empty: none

  // All of the above as text, by flag, for the record.
  std::map<std::string, std::string> recipe;

  // INVALID_ARGUMENT names the first bad field as its flag.
  absl::Status Validate() const;
  // Likewise, of all but the data.
  absl::Status ValidateSettings() const;
  // The sizes of a network from nothing: `network` with its defaults.
  AlbertConfig NewNetwork() const;
};

// A pre-training leaves out pieces of text with fewer tokens, [CLS] and [SEP] included: they are too short to
// predict a masked word from.
inline constexpr int kMinPieceTokens = 8;

struct PretrainingConfig {
  std::vector<std::string> text;  // files of raw text, a paragraph a line; may be empty beside `train`
  // `train`: labelled rows whose texts are learnt from, too; may be empty beside `text`. `test`, `head`,
  // `classifier_dropout` and `token_dropout` say nothing here.
  TrainerConfig training;

  absl::Status Validate() const;
};

}  // namespace newsgenre
