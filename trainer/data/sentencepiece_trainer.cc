#include "trainer/data/sentencepiece_trainer.h"

#include <sentencepiece_trainer.h>

#include <unordered_map>

namespace newsgenre {

std::string TrainSentencePiece(const std::vector<std::string>& sentences, int vocab_size,
                               std::string* model) {
  const std::unordered_map<std::string, std::string> options = {
      {"model_type", "unigram"},
      {"vocab_size", std::to_string(vocab_size)},
      // The special pieces have the ids that Tokenizer expects. These and the coverage match albert-base-v1.
      {"pad_id", "0"},
      {"unk_id", "1"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"control_symbols", "[CLS],[SEP],[MASK]"},
      {"character_coverage", "0.99995"},
      {"normalization_rule_name", "nmt_nfkc"},
      // Use every sentence, in a fixed order of floating-point operations, so that the result is
      // reproducible.
      {"num_threads", "1"},
      {"shuffle_input_sentence", "false"},
      {"max_sentence_length", "1000000000"},
      {"minloglevel", "2"},
  };
  const sentencepiece::util::Status status =
      sentencepiece::SentencePieceTrainer::Train(options, sentences, model);
  // The format is "Internal: src/x.cc(1) [condition] Message." The condition can contain brackets; the
  // message does not.
  const std::string error = status.ok() ? "" : status.ToString();
  const size_t location_end = error.rfind("] ");
  return location_end == std::string::npos ? error : error.substr(location_end + 2);
}

}  // namespace newsgenre
