// The one path from a news item to ids, for training and serving.
#pragma once

#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/text/clean_text.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

// Any thread may encode while none calls set_max_tokens.
class TextEncoder {
 public:
  // `max_tokens` counts [CLS] and [SEP].
  TextEncoder(Tokenizer tokenizer, CleaningVersion cleaning, int max_tokens)
      : tokenizer_(std::move(tokenizer)), cleaning_(cleaning), max_tokens_(max_tokens) {}

  // Cleans and encodes. INVALID_ARGUMENT where nothing is left to encode: no text, only white space, …
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
