// Batches of masked texts for the network.
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

// Masks the texts `rows` of `data`, at least one, and packs them on `device`. On the CPU, tokens and targets
// are padded to a multiple of kRowMultiple rows (see packed_batch.h). Thread-safe.
MaskedBatch MakeMaskedBatch(const Dataset& data, const RowBatch& rows, const MaskingVocabulary& vocabulary,
                            Random* random, c10::Device device);

}  // namespace newsgenre
