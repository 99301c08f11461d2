// Training on texts with holes. Pure; any thread.
#pragma once

#include "common/text/tokenizer.h"
#include "trainer/random.h"

namespace newsgenre {

// `text` with each token between [CLS] and [SEP] replaced by [MASK] with probability `rate`. A network that
// rarely sees a text whole can't learn few texts by heart.
Encoding DropTokens(const Encoding& text, double rate, Random* random);

}  // namespace newsgenre
