#include "trainer/data/token_dropout.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>

#include "common/text/tokenizer.h"

namespace newsgenre {

void DropTokens(double rate, PackedBatch* batch) {
  const at::Tensor random = at::rand(batch->ids.sizes(), batch->ids.options().dtype(at::kFloat));
  // Excludes [CLS] and padding, which have position 0, and then [SEP], the last token of each text.
  const at::Tensor masked = random.lt(rate).logical_and_(batch->positions.gt(0));
  const at::Tensor last = batch->device_starts.narrow(0, 1, batch->texts()) - 1;
  masked.index_fill_(0, last.to(at::kLong), false);
  batch->ids = batch->ids.masked_fill(masked, Tokenizer::kMask);
}

}  // namespace newsgenre
