#include "trainer/run/starting_point.h"

#include <utility>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "trainer/data/vocabulary_trainer.h"

namespace newsgenre {

absl::StatusOr<Tokenizer> MakeTokenizer(const std::vector<std::string>& texts, int vocab_size) {
  const absl::StatusOr<std::string> vocabulary = TrainVocabulary(texts, vocab_size);
  if (!vocabulary.ok()) return AddContext(vocabulary.status(), "--vocab_size");
  return Tokenizer::FromBytes(*vocabulary);
}

absl::StatusOr<AlbertConfig> AdjustNetwork(const TrainerConfig& config, AlbertConfig network) {
  const int positions = network.max_position_embeddings;
  if (config.max_tokens.value_or(positions) > positions) {
    return absl::InvalidArgumentError("--max_tokens is " + std::to_string(*config.max_tokens) + "; " +
                                      config.init_from + " has " + std::to_string(positions) + " positions");
  }
  network.num_hidden_layers = config.network.layers.value_or(network.num_hidden_layers);
  if (config.network.dropout.has_value()) {
    network.hidden_dropout_prob = network.attention_probs_dropout_prob = *config.network.dropout;
  }
  if (config.network.classifier_dropout.has_value()) {
    network.classifier_dropout_prob = *config.network.classifier_dropout;
  }
  return network;
}

absl::StatusOr<Checkpoint> InitFromScratch(const TrainerConfig& config,
                                           const std::vector<std::string>& labels,
                                           const std::vector<std::string>& texts) {
  const AlbertConfig network = config.NewNetwork();
  RETURN_IF_ERROR(network.Validate());
  ASSIGN_OR_RETURN(const Head head, ParseHead(config.head));
  ASSIGN_OR_RETURN(Tokenizer tokenizer, MakeTokenizer(texts, network.vocab_size));
  v1::Manifest manifest;
  manifest.mutable_labels()->Add(labels.begin(), labels.end());
  return Checkpoint{Albert::Random(network, head, static_cast<int>(labels.size()), config.seed),
                    TextEncoder(std::move(tokenizer), kLatestCleaning, network.max_position_embeddings),
                    std::move(manifest)};
}

absl::StatusOr<Checkpoint> StartFromCheckpoint(const TrainerConfig& config,
                                               const std::vector<std::string>& labels) {
  ASSIGN_OR_RETURN(const Head head, ParseHead(config.head));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, LoadForTraining(config.init_from, head, labels, config.seed));
  ASSIGN_OR_RETURN(const AlbertConfig network, AdjustNetwork(config, checkpoint.model.config()));
  checkpoint.encoder.set_max_tokens(config.max_tokens.value_or(checkpoint.encoder.max_tokens()));
  ASSIGN_OR_RETURN(checkpoint.model, Albert::FromTensors(network, head, checkpoint.model.labels(),
                                                         checkpoint.model.parameters()));
  return checkpoint;
}

std::map<std::string, std::string> StartIdentity(const Albert& model, const std::vector<std::string>& labels,
                                                 const Tokenizer& tokenizer, int max_tokens) {
  return {{"tokens read of a text", std::to_string(max_tokens)},
          {"SHA-256 of the network's sizes", Sha256(AlbertConfigJson(model.config(), model.head(), labels))},
          {"SHA-256 of the vocabulary", Sha256(tokenizer.model_bytes())}};
}

void NoteStart(const TrainerConfig& config, const Albert& model, const Tokenizer& tokenizer,
               Progress::Clock::time_point begin, Progress* progress) {
  progress->Log(config.init_from.empty() ? "vocabulary made" : "starting point loaded",
                {{"pieces", tokenizer.vocab_size()},
                 {"layers", model.config().num_hidden_layers},
                 {"seconds", SecondsSince(begin)}});
}

}  // namespace newsgenre
