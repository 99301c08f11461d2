// Masks words of texts for the training of a masked-language model.
#pragma once

#include <cstdint>
#include <vector>

#include "common/text/tokenizer.h"
#include "trainer/data/random.h"

namespace newsgenre {

// A text with masked tokens, and the original tokens to predict.
struct MaskedText {
  Encoding text;                   // the network's input
  std::vector<int64_t> positions;  // of the masked tokens, ascending
  std::vector<int32_t> labels;     // the original ids at these positions
};

// The properties of a vocabulary that masking depends on.
struct MaskingVocabulary {
  int size = 0;                   // the number of pieces
  std::vector<bool> begins_word;  // for each piece, whether it begins a word
};

// Masks about 15 % of the tokens between [CLS] and [SEP], at least one: spans of one to three whole words,
// where a span of n words has a probability proportional to 1 / n (ALBERT, Lan et al. 2019, arXiv:1909.11942,
// section 3.2). 80 % of the masked tokens become [MASK], 10 % a random piece, and 10 % keep their id (BERT,
// arXiv:1810.04805, section 3.1). `ids` is [CLS], one or more tokens, and [SEP]. Thread-safe.
MaskedText MaskWords(std::vector<int32_t> ids, const MaskingVocabulary& vocabulary, Random* random);

}  // namespace newsgenre
