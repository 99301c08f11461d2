#include "tests/support/tiny_model.h"

#include <utility>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/inference/canaries.h"

namespace newsgenre {

std::vector<std::string> TinyLabels() { return {"World", "Sports", "Business", "Sci/Tech"}; }

absl::StatusOr<Checkpoint> TinyCheckpoint(const TinyModelOptions& options) {
  ASSIGN_OR_RETURN(const std::string vocabulary,
                   ReadFile(NEWSGENRE_SOURCE_DIR "/tests/golden/tiny.spiece.model"));
  ASSIGN_OR_RETURN(Tokenizer tokenizer, Tokenizer::FromBytes(vocabulary));

  AlbertConfig config;
  config.vocab_size = tokenizer.vocab_size();
  config.embedding_size = 16;
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.intermediate_size = 64;
  config.max_position_embeddings = 64;
  config.initializer_range = 0.3;  // large enough to give texts different probabilities

  const std::vector<std::string> labels = TinyLabels();
  v1::Manifest manifest;
  manifest.set_version(options.version);
  manifest.mutable_labels()->Add(labels.begin(), labels.end());
  Checkpoint checkpoint{
      Albert::Random(config, options.head, static_cast<int>(labels.size()), options.seed),
      TextEncoder(std::move(tokenizer), kLatestCleaning, config.max_position_embeddings),
      std::move(manifest),
  };
  RETURN_IF_ERROR(RecordCanaries({"The ferry company cut its fares after a quiet summer.",
                                  "The home side scored twice in the last minute."},
                                 &checkpoint));
  return checkpoint;
}

absl::StatusOr<std::string> PublishTinyModel(const std::string& model_dir, const TinyModelOptions& options) {
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, TinyCheckpoint(options));
  return PublishCheckpoint(model_dir, checkpoint);
}

}  // namespace newsgenre
