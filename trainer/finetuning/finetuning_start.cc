#include "trainer/finetuning/finetuning_start.h"

#include <utility>

#include "common/base/status_macros.h"
#include "trainer/run/starting_point.h"

namespace newsgenre {

absl::StatusOr<Checkpoint> InitFromScratch(const ModelConfig& model, const ClassifierConfig& classifier,
                                           const std::vector<std::string>& labels,
                                           const std::vector<std::string>& texts, uint64_t seed) {
  AlbertConfig network = model.NewNetwork();
  network.classifier_dropout_prob = classifier.dropout.value_or(network.classifier_dropout_prob);
  RETURN_IF_ERROR(network.Validate());
  ASSIGN_OR_RETURN(const Head head, ParseHead(classifier.head));
  ASSIGN_OR_RETURN(Tokenizer tokenizer, MakeTokenizer(texts, network.vocab_size));
  v1::Manifest manifest;
  manifest.mutable_labels()->Add(labels.begin(), labels.end());
  return Checkpoint{Albert::Random(network, head, static_cast<int>(labels.size()), seed),
                    TextEncoder(std::move(tokenizer), kLatestCleaning, network.max_position_embeddings),
                    std::move(manifest)};
}

absl::StatusOr<Checkpoint> StartFromCheckpoint(const ModelConfig& model, const ClassifierConfig& classifier,
                                               const std::vector<std::string>& labels, uint64_t seed) {
  ASSIGN_OR_RETURN(const Head head, ParseHead(classifier.head));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, LoadForTraining(model.init_from, head, labels, seed));
  ASSIGN_OR_RETURN(AlbertConfig network, AdjustNetwork(model, checkpoint.model.config()));
  network.classifier_dropout_prob = classifier.dropout.value_or(network.classifier_dropout_prob);
  checkpoint.encoder.set_max_tokens(model.max_tokens.value_or(checkpoint.encoder.max_tokens()));
  ASSIGN_OR_RETURN(checkpoint.model, Albert::FromTensors(network, head, checkpoint.model.labels(),
                                                         checkpoint.model.parameters()));
  return checkpoint;
}

}  // namespace newsgenre
