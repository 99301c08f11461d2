// A batch of texts with words to tell, for the network.
#pragma once

#include <c10/core/Device.h>

#include "common/model/packed_batch.h"
#include "trainer/data/dataset.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/data/random.h"
#include "trainer/network/training_network.h"
#include "trainer/pretraining/masking.h"

namespace newsgenre {

struct MaskedBatch {
  PackedBatch texts;
  Targets targets;
};

// These texts (at least one) with words that `random` chooses hidden, on `device`. On the CPU tokens and
// targets are padded to a multiple of kRowMultiple rows (packed_batch.h). Any thread.
MaskedBatch MaskWordsOf(const Dataset& data, const RowBatch& rows, const MaskingVocabulary& vocabulary,
                        Random* random, c10::Device device);

}  // namespace newsgenre
