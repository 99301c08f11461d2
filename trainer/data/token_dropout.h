// Token dropout for training.
#pragma once

#include "common/model/packed_batch.h"

namespace newsgenre {

// Replaces each token between [CLS] and [SEP] with [MASK] with probability `rate`, using torch's generator of
// the device. This keeps a network from memorising a small training set.
void DropTokens(double rate, PackedBatch* batch);

}  // namespace newsgenre
