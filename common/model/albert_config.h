// ALBERT's sizes, as Hugging Face's config.json gives them (Lan et al. 2019, arXiv:1909.11942). No torch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

enum class Activation {
  kGelu,     // "gelu": x · Φ(x), by erf
  kGeluNew,  // "gelu_new": the tanh approximation
};

// The name by which torch's gelu knows it: "none" or "tanh".
const char* GeluKind(Activation activation);

// Which network turns the last layer's tokens into logits.
enum class Head {
  kCls,     // of the first token: Linear(hidden, labels)
  kPooler,  // likewise: Linear(hidden, hidden), tanh, dropout, Linear(hidden, labels):
            // AlbertForSequenceClassification
  // Of every token: Linear(hidden, embedding), activation, norm, and how near the result is to each piece's
  // word embedding: AlbertForMaskedLM. For pre-training alone.
  kMaskedLm,
};
std::string_view HeadName(Head head);  // "cls", "pooler", "masked_lm"
// Of a classifier: "cls" or "pooler".
absl::StatusOr<Head> ParseHead(std::string_view name);

// Defaults are albert-base-v1's. Sizes come from config.json, never from a server flag.
struct AlbertConfig {
  int vocab_size = 30000;
  int embedding_size = 128;
  int hidden_size = 768;
  int num_hidden_layers = 12;
  int num_attention_heads = 12;
  int intermediate_size = 3072;
  int max_position_embeddings = 512;
  int type_vocab_size = 2;
  Activation hidden_act = Activation::kGelu;
  double layer_norm_eps = 1e-12;
  double hidden_dropout_prob = 0.0;
  double attention_probs_dropout_prob = 0.0;
  double classifier_dropout_prob = 0.1;
  double initializer_range = 0.02;

  // INVALID_ARGUMENT names the first field out of range (a size below 1, hidden_size not a multiple of the
  // heads, …), or the sizes that make more weights than a checkpoint may have.
  absl::Status Validate() const;
};

// Parses config.json. Refuses another model_type, activation, more than one hidden group or inner group, and
// any size that Validate refuses; fields it does not know are ignored, those that are missing have
// transformers' defaults.
absl::StatusOr<AlbertConfig> ParseAlbertConfig(std::string_view json);

// As config.json, with what transformers needs to open the folder (architectures, model_type, id2label, …).
// `labels`: a classifier's.
std::string AlbertConfigJson(const AlbertConfig& config, Head head, const std::vector<std::string>& labels);

}  // namespace newsgenre
