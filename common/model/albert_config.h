// ALBERT's sizes, as in Hugging Face's config.json (Lan et al. 2019, arXiv:1909.11942). This header does not
// include torch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

enum class Activation {
  kGelu,     // "gelu": x · Φ(x), computed with erf
  kGeluNew,  // "gelu_new": the tanh approximation
};

// Returns the name of the approximation in torch's gelu: "none" or "tanh".
const char* GeluKind(Activation activation);

// The network that turns the last layer's tokens into logits.
enum class Head {
  kCls,     // on the first token: Linear(hidden, labels)
  kPooler,  // on the first token: Linear(hidden, hidden), tanh, dropout, Linear(hidden, labels), as in
            // AlbertForSequenceClassification
  // On every token: Linear(hidden, embedding), activation, norm, and the product with each piece's word
  // embedding, as in AlbertForMaskedLM. For pre-training only.
  kMaskedLm,
};
std::string_view HeadName(Head head);  // "cls", "pooler", "masked_lm"

// Parses a classifier's head: "cls" or "pooler". Returns INVALID_ARGUMENT for another name.
absl::StatusOr<Head> ParseHead(std::string_view name);

// The defaults are albert-base-v1's. A served model's sizes come from its config.json only.
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

  // Returns INVALID_ARGUMENT with the first field that is out of range (such as a size below 1, or a
  // hidden_size that is not a multiple of num_attention_heads), or with the sizes that give more weights than
  // a checkpoint can have.
  absl::Status Validate() const;
};

// Parses config.json. Returns INVALID_ARGUMENT for another model_type, an unknown activation, more than one
// hidden group or inner group, and sizes that Validate refuses. Ignores unknown fields. Missing fields get
// transformers' defaults.
absl::StatusOr<AlbertConfig> ParseAlbertConfig(std::string_view json);

// Returns config.json with the fields that transformers needs to open the folder, such as architectures,
// model_type and id2label. `labels` are a classifier's; a masked-language model has none.
std::string AlbertConfigJson(const AlbertConfig& config, Head head, const std::vector<std::string>& labels);

}  // namespace newsgenre
