#include "trainer/pretraining/pretraining_start.h"

#include <utility>

#include "absl/strings/match.h"
#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/checkpoint/checkpoint_parts.h"
#include "trainer/run/starting_point.h"

namespace newsgenre {
namespace {

// Returns the tensors of the encoder and the masked-LM head; draws the head if the folder has none.
absl::StatusOr<TensorMap> MaskedLmTensors(const std::string& folder, const CheckpointParts& parts,
                                          uint64_t seed) {
  ASSIGN_OR_RETURN(TensorMap tensors, ReadPredictionTensors(folder));
  for (const auto& [name, tensor] : parts.tensors) {
    if (!absl::StartsWith(name, "classifier.") && !absl::StartsWith(name, "albert.pooler.")) {
      tensors[name] = tensor;
    }
  }
  if (tensors.count("predictions.bias") == 0) {
    Log(Severity::kInfo, "the masked-LM head is drawn anew",
        {{"folder", folder}, {"reason", "the folder has none"}});
    const Albert drawn = Albert::Random(parts.config, Head::kMaskedLm, /*labels=*/0, seed);
    for (const auto& [name, tensor] : drawn.parameters()) {
      if (absl::StartsWith(name, "predictions.")) tensors[name] = tensor;
    }
  }
  return tensors;
}

absl::StatusOr<MaskedLm> LoadFolder(const std::string& folder, const ModelConfig& config, uint64_t seed) {
  ASSIGN_OR_RETURN(CheckpointParts parts, ReadCheckpointParts(folder));
  ASSIGN_OR_RETURN(parts.config, AdjustNetwork(config, parts.config));
  ASSIGN_OR_RETURN(TensorMap tensors, MaskedLmTensors(folder, parts, seed));
  absl::StatusOr<Albert> model =
      Albert::FromTensors(parts.config, Head::kMaskedLm, /*labels=*/0, std::move(tensors));
  if (!model.ok()) return AddContext(model.status(), kTensorFile);
  return MaskedLm{*std::move(model), std::move(parts.tokenizer)};
}

}  // namespace

absl::StatusOr<MaskedLm> InitMaskedLm(const ModelConfig& config, const std::vector<std::string>& texts,
                                      uint64_t seed) {
  const AlbertConfig network = config.NewNetwork();
  RETURN_IF_ERROR(network.Validate());
  ASSIGN_OR_RETURN(Tokenizer tokenizer, MakeTokenizer(texts, network.vocab_size));
  return MaskedLm{Albert::Random(network, Head::kMaskedLm, /*labels=*/0, seed), std::move(tokenizer)};
}

absl::StatusOr<MaskedLm> LoadMaskedLm(const ModelConfig& config, uint64_t seed) {
  ASSIGN_OR_RETURN(const std::string folder, ResolveModelDir(config.init_from));
  absl::StatusOr<MaskedLm> masked_lm = LoadFolder(folder, config, seed);
  if (!masked_lm.ok()) return AddContext(masked_lm.status(), folder);
  return masked_lm;
}

absl::Status WriteMaskedLm(const std::string& folder, const MaskedLm& masked_lm, int max_tokens) {
  const Albert& model = masked_lm.model;
  return WriteHuggingFaceFolder(folder, AlbertConfigJson(model.config(), model.head(), {}),
                                model.parameters(), masked_lm.tokenizer, max_tokens);
}

}  // namespace newsgenre
