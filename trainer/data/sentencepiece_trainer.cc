#include "trainer/data/sentencepiece_trainer.h"

#include <sentencepiece_trainer.h>

#include <unordered_map>

namespace newsgenre {

std::string TrainSentencePiece(const std::vector<std::string>& sentences, int vocab_size,
                               std::string* model) {
  const std::unordered_map<std::string, std::string> options = {
      {"model_type", "unigram"},
      {"vocab_size", std::to_string(vocab_size)},
      // The special pieces, at the ids that Tokenizer expects, and the coverage: as albert-base-v1's.
      {"pad_id", "0"},
      {"unk_id", "1"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"control_symbols", "[CLS],[SEP],[MASK]"},
      {"character_coverage", "0.99995"},
      {"normalization_rule_name", "nmt_nfkc"},
      // Every sentence counts, and always in the same order of arithmetic.
      {"num_threads", "1"},
      {"shuffle_input_sentence", "false"},
      {"max_sentence_length", "1000000000"},
      {"minloglevel", "2"},
  };
  const sentencepiece::util::Status status =
      sentencepiece::SentencePieceTrainer::Train(options, sentences, model);
  // "Internal: src/x.cc(1) [condition] What is wrong." The condition may hold brackets, what is wrong
  // doesn't.
  const std::string error = status.ok() ? "" : status.ToString();
  const size_t location_end = error.rfind("] ");
  return location_end == std::string::npos ? error : error.substr(location_end + 2);
}

}  // namespace newsgenre
