// The batch shapes of CUDA graphs. A graph runs at one shape, so a batch runs in the smallest bucket that
// holds it and is padded to the bucket's shape.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/model/packed_batch.h"

namespace newsgenre {

// Returns the buckets of up to `max_rows` rows, smallest first. There are eight buckets from one power of two
// to the next, but they are at least 32 rows apart, because tiles of the GPU's matrix products have at least
// that many rows. So at most 32 rows or an eighth of the batch are padding. A bucket holds one text per eight
// rows: each slot for a text costs one row of the last layer, so all slots cost at most 1 %. A batch of
// shorter texts takes a larger bucket. Example: 18 texts of 54 tokens (972 rows) take the bucket of 1,024
// rows and 128 texts.
std::vector<BatchShape> GraphBuckets(int64_t max_rows);

// Returns the index of the smallest of `buckets` that holds `batch`, or nothing if all are too small.
std::optional<size_t> SmallestBucket(const std::vector<BatchShape>& buckets, const BatchShape& batch);

}  // namespace newsgenre
