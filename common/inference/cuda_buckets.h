// The shapes of which CUDA graphs are made: a graph runs at one shape, so a batch runs in a bucket that may
// be larger than it is.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/model/packed_batch.h"

namespace newsgenre {

// Smallest first, up to `max_rows` rows. Between two powers of two lie eight buckets, but never closer than
// 32 rows (tiles of the GPU's matrix products are that high or higher): at most 32 rows, or an eighth of the
// batch, are padding. Each has room for a text every eight rows: a text's own cost is the last layer for one
// row, so that this room costs 1 % at most, and a batch of shorter texts takes a larger bucket.
std::vector<BatchShape> GraphBuckets(int64_t max_rows);

// The index of the smallest of `buckets` that has room for `batch`; nothing where none has.
std::optional<size_t> SmallestBucket(const std::vector<BatchShape>& buckets, const BatchShape& batch);

}  // namespace newsgenre
