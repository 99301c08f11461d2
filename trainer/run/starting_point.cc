#include "trainer/run/starting_point.h"

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "trainer/data/vocabulary_trainer.h"

namespace newsgenre {

absl::StatusOr<Tokenizer> MakeTokenizer(const std::vector<std::string>& texts, int vocab_size) {
  const absl::StatusOr<std::string> vocabulary = TrainVocabulary(texts, vocab_size);
  if (!vocabulary.ok()) return AddContext(vocabulary.status(), "--vocab_size");
  return Tokenizer::FromBytes(*vocabulary);
}

absl::StatusOr<AlbertConfig> AdjustNetwork(const ModelConfig& config, AlbertConfig network) {
  const int positions = network.max_position_embeddings;
  if (config.max_tokens.value_or(positions) > positions) {
    return absl::InvalidArgumentError("--max_tokens is " + std::to_string(*config.max_tokens) + "; " +
                                      config.init_from + " has " + std::to_string(positions) + " positions");
  }
  network.num_hidden_layers = config.network.layers.value_or(network.num_hidden_layers);
  if (config.network.dropout.has_value()) {
    network.hidden_dropout_prob = network.attention_probs_dropout_prob = *config.network.dropout;
  }
  return network;
}

std::map<std::string, std::string> StartIdentity(const Albert& model, const std::vector<std::string>& labels,
                                                 const Tokenizer& tokenizer, int max_tokens) {
  // Saved states hold these names and values: changing one keeps older states from resuming.
  return {{"tokens read of a text", std::to_string(max_tokens)},
          {"SHA-256 of the network's sizes", Sha256(AlbertConfigJson(model.config(), model.head(), labels))},
          {"SHA-256 of the vocabulary", Sha256(tokenizer.model_bytes())}};
}

void LogStart(const ModelConfig& config, const Albert& model, const Tokenizer& tokenizer,
              Progress::Clock::time_point begin, Progress* progress) {
  progress->Log(config.init_from.empty() ? "vocabulary made" : "starting point loaded",
                {{"pieces", tokenizer.vocab_size()},
                 {"layers", model.config().num_hidden_layers},
                 {"seconds", SecondsSince(begin)}});
}

}  // namespace newsgenre
