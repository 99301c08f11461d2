#include "trainer/run/config.h"

#include <utility>

#include "common/base/flag_checks.h"
#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

constexpr int kMaxTokensLimit = 65536;

// Refuses sizes that the starting point determines.
absl::Status RefuseSizes(const NetworkConfig& network) {
  const std::pair<const char*, bool> sizes[] = {
      {"vocab_size", network.vocab_size.has_value()},
      {"embedding_size", network.embedding_size.has_value()},
      {"hidden_size", network.hidden_size.has_value()},
      {"heads", network.heads.has_value()},
      {"intermediate_size", network.intermediate_size.has_value()},
  };
  for (const auto& [flag, is_set] : sizes) {
    if (is_set) {
      return absl::InvalidArgumentError(
          "--" + std::string(flag) +
          " is set together with --init_from, which brings its own network and vocabulary");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSizes(const AlbertConfig& network) {
  // The five special tokens ([CLS], [SEP], <pad>, <unk>, [MASK]) and a few pieces for text.
  RETURN_IF_ERROR(CheckRange("vocab_size", network.vocab_size, 16, 1000000));
  RETURN_IF_ERROR(CheckRange("embedding_size", network.embedding_size, 1, 65536));
  RETURN_IF_ERROR(CheckRange("heads", network.num_attention_heads, 1, network.hidden_size));
  RETURN_IF_ERROR(CheckRange("intermediate_size", network.intermediate_size, 1, 1 << 20));
  if (network.hidden_size % network.num_attention_heads == 0) return absl::OkStatus();
  return absl::InvalidArgumentError("--heads is " + std::to_string(network.num_attention_heads) +
                                    "; it must divide --hidden_size, which is " +
                                    std::to_string(network.hidden_size));
}

}  // namespace

absl::Status DataConfig::Validate() const {
  RETURN_IF_ERROR(CheckRange("validation_rows", static_cast<double>(validation_rows), 0, kNoLimit));
  return CheckRange("max_bad_rows", static_cast<double>(max_bad_rows), 0, kNoLimit);
}

absl::Status ModelConfig::Validate(int min_tokens) const {
  if (max_tokens) RETURN_IF_ERROR(CheckRange("max_tokens", *max_tokens, min_tokens, kMaxTokensLimit));
  if (network.layers) RETURN_IF_ERROR(CheckRange("layers", *network.layers, 1, 1000));
  // Checked before NewNetwork multiplies it, which could overflow.
  if (network.hidden_size) RETURN_IF_ERROR(CheckRange("hidden_size", *network.hidden_size, 1, 65536));
  RETURN_IF_ERROR(init_from.empty() ? CheckSizes(NewNetwork()) : RefuseSizes(network));
  if (network.dropout) RETURN_IF_ERROR(CheckRange("dropout", *network.dropout, 0, 0.99));
  return absl::OkStatus();
}

AlbertConfig ModelConfig::NewNetwork() const {
  AlbertConfig config;
  config.vocab_size = network.vocab_size.value_or(8000);
  config.embedding_size = network.embedding_size.value_or(128);
  config.hidden_size = network.hidden_size.value_or(256);
  config.num_hidden_layers = network.layers.value_or(3);
  config.num_attention_heads = network.heads.value_or(4);
  config.intermediate_size = network.intermediate_size.value_or(4 * config.hidden_size);
  config.max_position_embeddings = max_tokens.value_or(512);
  config.hidden_dropout_prob = network.dropout.value_or(0.1);
  config.attention_probs_dropout_prob = config.hidden_dropout_prob;
  config.classifier_dropout_prob = 0.1;
  return config;
}

absl::Status OptimizerConfig::Validate() const {
  RETURN_IF_ERROR(CheckPositive("learning_rate", learning_rate));
  RETURN_IF_ERROR(CheckRange("warmup", warmup, 0, 1));
  RETURN_IF_ERROR(CheckRange("weight_decay", weight_decay, 0, kNoLimit));
  RETURN_IF_ERROR(CheckOneOf("schedule", schedule, {"linear", "constant"}));
  RETURN_IF_ERROR(CheckRange("clip_norm", clip_norm, 0, kNoLimit));
  RETURN_IF_ERROR(CheckRange("epochs", epochs, 1, 1000));
  RETURN_IF_ERROR(CheckRange("batch_tokens", static_cast<double>(batch_tokens), 1, 1 << 24));
  return CheckRange("batch_texts", static_cast<double>(batch_texts), 1, 1 << 20);
}

absl::Status RunConfig::Validate() const {
  RETURN_IF_ERROR(CheckRequired("model_dir", model_dir));
  RETURN_IF_ERROR(CheckOneOf("precision", precision, {"auto", "fp32", "bf16"}));
  RETURN_IF_ERROR(CheckRange("threads", threads, 0, 1024));
  RETURN_IF_ERROR(CheckRange("micro_batch_tokens", static_cast<double>(micro_batch_tokens), 1, 1 << 24));
  RETURN_IF_ERROR(CheckRange("save_minutes", save_minutes, 0, kNoLimit));
  return CheckRange("save_steps", static_cast<double>(save_steps), 0, kNoLimit);
}

}  // namespace newsgenre
