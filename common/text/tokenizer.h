// ALBERT's tokenizer: the ids of transformers 5.23.0's AutoTokenizer over a spiece.model, with
// split_special_tokens. tests/parity/compare_tokenizer.py holds the two against each other and lists the
// differences that stay, with reasons.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

// A text as the model reads it.
struct Encoding {
  std::vector<int32_t> ids;  // [CLS] … [SEP]
  bool truncated = false;    // whether ids had to be dropped to keep to the limit
};

// Owns a SentencePiece unigram model. Immutable: any thread.
class Tokenizer {
 public:
  // What every vocabulary has at these places, as albert-base-v1's does.
  static constexpr int32_t kPad = 0, kUnk = 1, kCls = 2, kSep = 3, kMask = 4;

  // `model` holds the bytes of a spiece.model. INVALID_ARGUMENT where they are not a SentencePiece unigram
  // model or a special piece has another id than above.
  static absl::StatusOr<Tokenizer> FromBytes(std::string_view model);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Quotes `` and '' to ", NFKD, accents stripped, lower case, pieces; [CLS] before, [SEP] behind; at most
  // `max_tokens` ids (2 or more) with [SEP] kept. A text that contains "[MASK]" or "<pad>" yields ordinary
  // pieces. Pieces that the vocabulary calls user-defined (albert-base has eight, such as the full stop) are
  // cut out of the text first, and what follows one begins a word. Time grows linearly with the text.
  Encoding Encode(std::string_view text, int max_tokens) const;

  int vocab_size() const;
  // By piece: whether a word begins with it; other pieces go on with one. Special pieces begin none.
  const std::vector<bool>& begins_word() const;
  // The bytes it was made from: they travel with every checkpoint.
  const std::string& model_bytes() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The tokenizer_config.json with which transformers' AutoTokenizer opens a folder that holds a spiece.model,
// and gives the same ids.
std::string TokenizerConfigJson(int max_tokens);

}  // namespace newsgenre
