#include "trainer/run/config.h"

#include <initializer_list>
#include <limits>
#include <sstream>
#include <string_view>
#include <utility>

#include "common/base/status_macros.h"
#include "common/checkpoint/manifest.h"

namespace newsgenre {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

absl::Status Required(std::string_view flag, const std::string& value) {
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("--" + std::string(flag) + " is required");
}

absl::Status InRange(std::string_view flag, double value, double low, double high) {
  if (value >= low && value <= high && value < kNoLimit) return absl::OkStatus();
  std::ostringstream message;
  message.precision(10);
  message << "--" << flag << " is " << value << "; it must be " << low;
  if (high == kNoLimit) {
    message << " or more";
  } else {
    message << " to " << high;
  }
  return absl::InvalidArgumentError(message.str());
}

absl::Status Positive(std::string_view flag, double value) {
  if (value > 0 && value < kNoLimit) return absl::OkStatus();
  std::ostringstream message;
  message << "--" << flag << " is " << value << "; it must be above 0";
  return absl::InvalidArgumentError(message.str());
}

absl::Status OneOf(std::string_view flag, const std::string& value,
                   std::initializer_list<const char*> allowed) {
  std::string list;
  for (const char* option : allowed) {
    if (value == option) return absl::OkStatus();
    list += (list.empty() ? "" : " or ") + std::string(option);
  }
  return absl::InvalidArgumentError("--" + std::string(flag) + " is '" + value + "'; it must be " + list);
}

// With a starting point: that nothing is set which it brings.
absl::Status RefuseSizes(const NetworkConfig& network) {
  const std::pair<const char*, bool> given[] = {
      {"vocab_size", network.vocab_size.has_value()},
      {"embedding_size", network.embedding_size.has_value()},
      {"hidden_size", network.hidden_size.has_value()},
      {"heads", network.heads.has_value()},
      {"intermediate_size", network.intermediate_size.has_value()},
  };
  for (const auto& [flag, is_set] : given) {
    if (is_set) {
      return absl::InvalidArgumentError(
          "--" + std::string(flag) +
          " is set beside --init_from, which brings its own network and vocabulary");
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateNetwork(const NetworkConfig& network, const AlbertConfig& config) {
  // [CLS], [SEP], <pad>, <unk>, [MASK] and something to read with.
  RETURN_IF_ERROR(InRange("vocab_size", config.vocab_size, 16, 1000000));
  RETURN_IF_ERROR(InRange("embedding_size", config.embedding_size, 1, 65536));
  RETURN_IF_ERROR(InRange("heads", config.num_attention_heads, 1, config.hidden_size));
  RETURN_IF_ERROR(InRange("intermediate_size", config.intermediate_size, 1, 1 << 20));
  if (config.hidden_size % config.num_attention_heads != 0) {
    return absl::InvalidArgumentError("--heads is " + std::to_string(config.num_attention_heads) +
                                      "; it must divide --hidden_size, which is " +
                                      std::to_string(config.hidden_size));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TrainerConfig::Validate() const {
  RETURN_IF_ERROR(Required("train", train));
  return ValidateSettings();
}

absl::Status PretrainingConfig::Validate() const {
  if (text.empty() && training.train.empty()) {
    return absl::InvalidArgumentError("--text or --train is required");
  }
  for (const std::string& file : text) {
    if (file.empty()) return absl::InvalidArgumentError("--text has an empty name between its commas");
  }
  RETURN_IF_ERROR(training.ValidateSettings());
  return InRange("max_tokens", training.max_tokens.value_or(512), 2 * kMinPieceTokens, 65536);
}

absl::Status TrainerConfig::ValidateSettings() const {
  RETURN_IF_ERROR(Required("model_dir", model_dir));
  RETURN_IF_ERROR(InRange("validation_rows", static_cast<double>(validation_rows), 0, kNoLimit));
  RETURN_IF_ERROR(InRange("max_bad_rows", static_cast<double>(max_bad_rows), 0, kNoLimit));
  if (!model_version.empty() && !IsReleaseName(model_version)) {
    return absl::InvalidArgumentError(
        "--model_version is '" + model_version +
        "'; it must be 1 to 100 of A-Z a-z 0-9 . _ -, the first a letter or digit");
  }
  RETURN_IF_ERROR(OneOf("head", head, {"cls", "pooler"}));
  RETURN_IF_ERROR(InRange("max_tokens", max_tokens.value_or(512), 3, 65536));
  RETURN_IF_ERROR(InRange("layers", network.layers.value_or(1), 1, 1000));
  // Before NewNetwork multiplies it.
  RETURN_IF_ERROR(InRange("hidden_size", network.hidden_size.value_or(256), 1, 65536));
  RETURN_IF_ERROR(init_from.empty() ? ValidateNetwork(network, NewNetwork()) : RefuseSizes(network));
  RETURN_IF_ERROR(InRange("dropout", network.dropout.value_or(0), 0, 0.99));
  RETURN_IF_ERROR(InRange("classifier_dropout", network.classifier_dropout.value_or(0), 0, 0.99));
  RETURN_IF_ERROR(Positive("learning_rate", learning_rate));
  RETURN_IF_ERROR(InRange("warmup", warmup, 0, 1));
  RETURN_IF_ERROR(InRange("weight_decay", weight_decay, 0, kNoLimit));
  RETURN_IF_ERROR(OneOf("schedule", schedule, {"linear", "constant"}));
  RETURN_IF_ERROR(InRange("clip_norm", clip_norm, 0, kNoLimit));
  RETURN_IF_ERROR(InRange("epochs", epochs, 1, 1000));
  RETURN_IF_ERROR(InRange("token_dropout", token_dropout, 0, 0.99));
  RETURN_IF_ERROR(InRange("batch_tokens", static_cast<double>(batch_tokens), 1, 1 << 24));
  RETURN_IF_ERROR(InRange("batch_texts", static_cast<double>(batch_texts), 1, 1 << 20));
  RETURN_IF_ERROR(OneOf("precision", precision, {"auto", "fp32", "bf16"}));
  RETURN_IF_ERROR(InRange("threads", threads, 0, 1024));
  RETURN_IF_ERROR(InRange("micro_batch_tokens", static_cast<double>(micro_batch_tokens), 1, 1 << 24));
  RETURN_IF_ERROR(InRange("save_minutes", save_minutes, 0, kNoLimit));
  return InRange("save_steps", static_cast<double>(save_steps), 0, kNoLimit);
}

AlbertConfig TrainerConfig::NewNetwork() const {
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
  config.classifier_dropout_prob = network.classifier_dropout.value_or(0.1);
  return config;
}

}  // namespace newsgenre
