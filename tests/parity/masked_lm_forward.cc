// Computes this project's results for compare_albert.py, from a masked-language model that transformers can
// open.
//   masked_lm_forward MODEL_FOLDER BATCH_JSON OUT_SAFETENSORS
//     BATCH_JSON is {"texts": [[ids]…]}. Masks tokens with a fixed seed and writes, in fp32: "ids" [tokens]
//     after masking; "rows" and "labels" [masked tokens]; "logits" [tokens, pieces] by the plain network; and
//     by the training network "loss" [], the mean cross-entropy, and its gradients, "gradient.NAME".
#include <ATen/core/grad_mode.h>

#include <iostream>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/safetensors.h"
#include "common/device/device.h"
#include "nlohmann/json.hpp"
#include "trainer/network/training_network.h"
#include "trainer/pretraining/masked_batch.h"
#include "trainer/pretraining/pretraining_start.h"

namespace newsgenre {
namespace {

constexpr uint64_t kSeed = 7;

absl::StatusOr<Dataset> ReadTexts(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  Dataset data;
  const auto json = nlohmann::json::parse(bytes);
  for (const auto& ids : json.at("texts")) {
    data.Add({ids.get<std::vector<int32_t>>()}, 0, data.size() + 1);
  }
  return data;
}

absl::Status Compute(const std::string& folder, const std::string& batch_path, const std::string& out) {
  const at::NoGradGuard no_grad;
  ModelConfig config;
  config.init_from = folder;
  config.network.dropout = 0;
  ASSIGN_OR_RETURN(const MaskedLm masked_lm, LoadMaskedLm(config, /*seed=*/1));
  ASSIGN_OR_RETURN(const Dataset data, ReadTexts(batch_path));
  RowBatch rows;
  for (int32_t row = 0; row < data.size(); ++row) rows.push_back(row);
  const Tokenizer& tokenizer = masked_lm.tokenizer;
  const MaskingVocabulary vocabulary = {tokenizer.vocab_size(), tokenizer.begins_word()};
  Random random(kSeed);
  const auto [texts, targets] = MakeMaskedBatch(data, rows, vocabulary, &random, c10::kCPU);

  TrainingNetwork network(masked_lm.model, c10::kCPU, at::kFloat);
  const int64_t masked = targets.labels.size(0) - targets.padding, tokens = texts.tokens();
  const BatchResult result = network.AccumulateGradients(texts, targets, 1.0 / static_cast<double>(masked));
  Safetensors file;
  file.tensors["ids"] = texts.ids.slice(0, 0, tokens).to(at::kFloat);
  file.tensors["rows"] = targets.rows.slice(0, 0, masked).to(at::kFloat);
  file.tensors["labels"] = targets.labels.slice(0, 0, masked).to(at::kFloat);
  file.tensors["logits"] = masked_lm.model.Logits(texts).slice(0, 0, tokens).contiguous();
  file.tensors["loss"] = result.loss.div(static_cast<double>(masked));
  for (const auto& [name, gradient] : network.parameters().Views(network.gradients())) {
    file.tensors["gradient." + name] = gradient.contiguous();
  }
  return WriteFileAtomic(out, SerializeSafetensors(file));
}

absl::Status Run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 3) {
    return absl::InvalidArgumentError("usage: masked_lm_forward MODEL_FOLDER BATCH_JSON OUT_SAFETENSORS");
  }
  return CatchTorch([&] { return Compute(arguments[0], arguments[1], arguments[2]); });
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  const absl::Status status = newsgenre::Run({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
