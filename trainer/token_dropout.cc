#include "trainer/token_dropout.h"

namespace newsgenre {

Encoding DropTokens(const Encoding& text, double rate, Random* random) {
  Encoding result = text;
  for (size_t i = 1; i + 1 < result.ids.size(); ++i) {
    if (random->Uniform() < rate) result.ids[i] = Tokenizer::kMask;
  }
  return result;
}

}  // namespace newsgenre
