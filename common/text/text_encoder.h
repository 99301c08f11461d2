// Conversion of a news item to token ids, for training and serving.
#pragma once

#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/text/clean_text.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

// Cleans and tokenizes texts. Const functions are thread-safe; set_max_tokens is not.
class TextEncoder {
 public:
  // `max_tokens` includes [CLS] and [SEP].
  TextEncoder(Tokenizer tokenizer, CleaningVersion cleaning, int max_tokens)
      : tokenizer_(std::move(tokenizer)), cleaning_(cleaning), max_tokens_(max_tokens) {}

  // Returns the ids of the cleaned text. Returns INVALID_ARGUMENT if the cleaned text has no tokens, such as
  // for white space only.
  absl::StatusOr<Encoding> Encode(std::string_view text) const;

  const Tokenizer& tokenizer() const { return tokenizer_; }
  CleaningVersion cleaning() const { return cleaning_; }
  int max_tokens() const { return max_tokens_; }
  void set_max_tokens(int max_tokens) { max_tokens_ = max_tokens; }

 private:
  Tokenizer tokenizer_;
  CleaningVersion cleaning_;
  int max_tokens_;
};

}  // namespace newsgenre
