// Training on texts with holes.
#pragma once

#include "common/model/packed_batch.h"

namespace newsgenre {

// Puts [MASK] in place of each token between [CLS] and [SEP] with probability `rate`, by torch's generator of
// the device. A network that rarely sees a text whole can't learn few texts by heart.
void DropTokens(double rate, PackedBatch* batch);

}  // namespace newsgenre
