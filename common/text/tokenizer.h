// ALBERT's tokenizer. Gives the same ids as AutoTokenizer of transformers 5.23.0 with a spiece.model and
// split_special_tokens. tests/parity/compare_tokenizer.py compares the two and lists the remaining
// differences with their reasons.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

// The token ids of one text.
struct Encoding {
  std::vector<int32_t> ids;  // [CLS] … [SEP]
  bool truncated = false;    // whether ids were dropped because of the limit
};

// Owns a SentencePiece unigram model. Immutable; safe to use from any thread.
class Tokenizer {
 public:
  // The ids of the special pieces in every vocabulary, as in albert-base-v1.
  static constexpr int32_t kPad = 0, kUnk = 1, kCls = 2, kSep = 3, kMask = 4;

  // Creates a tokenizer from the bytes of a spiece.model. Returns INVALID_ARGUMENT if they are not a
  // SentencePiece unigram model, or if a special piece does not have the id above.
  static absl::StatusOr<Tokenizer> FromBytes(std::string_view model);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Normalizes the text (see text_normalizer.h), splits it into pieces and adds [CLS] and [SEP]. Returns at
  // most `max_tokens` ids (2 or more), always with [SEP] last. "[MASK]" or "<pad>" in a text gives ordinary
  // pieces. User-defined pieces of the vocabulary (albert-base has eight, such as the full stop) are matched
  // before normalization, and the text after one begins a new word. The time is linear in the size of the
  // text.
  Encoding Encode(std::string_view text, int max_tokens) const;

  int vocab_size() const;
  // Indexed by id: whether the piece begins a word. Other pieces continue one. False for special pieces.
  const std::vector<bool>& begins_word() const;
  // The bytes of the spiece.model. Every checkpoint contains them.
  const std::string& model_bytes() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Returns a tokenizer_config.json with which transformers' AutoTokenizer opens a folder with a spiece.model
// and gives the same ids.
std::string TokenizerConfigJson(int max_tokens);

}  // namespace newsgenre
