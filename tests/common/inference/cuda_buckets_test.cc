#include "common/inference/cuda_buckets.h"

#include <algorithm>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;

std::vector<int64_t> Rows(const std::vector<BatchShape>& buckets) {
  std::vector<int64_t> rows;
  for (const BatchShape& bucket : buckets) rows.push_back(bucket.rows);
  return rows;
}

TEST(GraphBucketsTest, GrowByStepsOf32AndThenByAnEighth) {
  EXPECT_THAT(Rows(GraphBuckets(800)), ElementsAre(32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384,
                                                   416, 448, 480, 512, 576, 640, 704, 768));
  EXPECT_THAT(Rows(GraphBuckets(31)), IsEmpty());
}

TEST(GraphBucketsTest, EndAtTheMaximum) {
  EXPECT_EQ(GraphBuckets(8192).back().rows, 8192);
  EXPECT_EQ(GraphBuckets(8192).back().texts, 1024);
}

TEST(GraphBucketsTest, AreFewEnoughToCaptureAtLoad) { EXPECT_LE(GraphBuckets(8192).size(), 64u); }

TEST(GraphBucketsTest, HaveMoreRowsThanTexts) {
  for (const BatchShape& bucket : GraphBuckets(8192)) {
    EXPECT_GT(bucket.rows, bucket.texts);
    EXPECT_GE(bucket.texts, bucket.rows / 8);
  }
}

TEST(SmallestBucketTest, PadsByAtMostAnEighthOr32Rows) {
  const std::vector<BatchShape> buckets = GraphBuckets(8192);
  for (int64_t rows = 1; rows <= 8192; ++rows) {
    const auto bucket = SmallestBucket(buckets, {rows, 1});
    ASSERT_TRUE(bucket.has_value()) << rows;
    ASSERT_GE(buckets[*bucket].rows, rows);
    ASSERT_LE(buckets[*bucket].rows - rows, std::max<int64_t>(31, rows / 8)) << rows;
  }
}

TEST(SmallestBucketTest, HoldsTheRowsAndTheTexts) {
  const std::vector<BatchShape> buckets = {{32, 4}, {64, 8}, {96, 12}};
  EXPECT_THAT(SmallestBucket(buckets, {32, 4}), Optional(Eq(0u)));
  EXPECT_THAT(SmallestBucket(buckets, {33, 1}), Optional(Eq(1u)));
  EXPECT_THAT(SmallestBucket(buckets, {10, 9}), Optional(Eq(2u)));
  EXPECT_EQ(SmallestBucket(buckets, {97, 1}), std::nullopt);
  EXPECT_EQ(SmallestBucket(buckets, {13, 13}), std::nullopt);
  EXPECT_EQ(SmallestBucket({}, {1, 1}), std::nullopt);
}

}  // namespace
}  // namespace newsgenre
