// Hides words of texts, for a masked-language model to tell.
#pragma once

#include <cstdint>
#include <vector>

#include "common/text/tokenizer.h"
#include "trainer/data/random.h"

namespace newsgenre {

// A text of which some tokens are to be told.
struct MaskedText {
  Encoding text;                // as the network reads it
  std::vector<int64_t> places;  // of the tokens to tell, rising
  std::vector<int32_t> labels;  // what stands there
};

// What a vocabulary's pieces are to it.
struct MaskingVocabulary {
  int size = 0;
  std::vector<bool> begins_word;  // by piece
};

// About 15 % of the tokens between [CLS] and [SEP], at least one, are to be told: runs of one to three whole
// words, n of them with a chance in proportion to 1 / n (ALBERT, Lan et al. 2019, arXiv:1909.11942, section
// 3.2). Of those tokens 80 % become [MASK], 10 % any piece, and 10 % stay (BERT, arXiv:1810.04805, section
// 3.1). `ids`: [CLS], at least one more, [SEP]. Pure; any thread.
MaskedText MaskWords(std::vector<int32_t> ids, const MaskingVocabulary& vocabulary, Random* random);

}  // namespace newsgenre
