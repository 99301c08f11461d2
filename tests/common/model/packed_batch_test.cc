#include "common/model/packed_batch.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>

#include "common/device/device.h"
#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;

std::vector<int32_t> Values(const at::Tensor& tensor) {
  const int32_t* data = tensor.const_data_ptr<int32_t>();
  return {data, data + tensor.numel()};
}

TEST(PackBatchTest, ConcatenatesTheTexts) {
  const Encoding a{{2, 17, 3}}, b{{2, 3}}, c{{2, 40, 41, 42, 3}};
  const PackedBatch batch = PackBatch({&a, &b, &c}, c10::kCPU);
  EXPECT_EQ(batch.texts(), 3);
  EXPECT_EQ(batch.tokens(), 10);
  EXPECT_EQ(batch.rows(), 10);
  EXPECT_THAT(batch.starts, ElementsAre(0, 3, 5, 10));
  EXPECT_EQ(batch.length(2), 5);
  EXPECT_EQ(batch.max_length, 5);
  EXPECT_THAT(Values(batch.ids), ElementsAre(2, 17, 3, 2, 3, 2, 40, 41, 42, 3));
  EXPECT_THAT(Values(batch.positions), ElementsAre(0, 1, 2, 0, 1, 0, 1, 2, 3, 4));
  EXPECT_THAT(Values(batch.device_starts), ElementsAre(0, 3, 5, 10));
  EXPECT_THAT(Values(batch.first_rows), ElementsAre(0, 3, 5));
}

TEST(PackBatchTest, FillsThePadding) {
  const Encoding a{{2, 17, 3}}, b{{2, 3}};
  const BatchShape shape{8, 4};
  const at::Tensor packed = at::full({PackedSize(shape)}, 99, at::kInt);
  EXPECT_THAT(PackInto({&a, &b}, shape, packed), ElementsAre(0, 3, 5, 5, 5));
  const PackedBatch batch = ViewOf(packed, shape);
  EXPECT_EQ(batch.rows(), 8);
  EXPECT_EQ(batch.texts(), 4);
  EXPECT_THAT(Values(batch.ids), ElementsAre(2, 17, 3, 2, 3, 0, 0, 0));
  EXPECT_THAT(Values(batch.positions), ElementsAre(0, 1, 2, 0, 1, 0, 0, 0));
  EXPECT_THAT(Values(batch.device_starts), ElementsAre(0, 3, 5, 5, 5));
  EXPECT_THAT(Values(batch.first_rows), ElementsAre(0, 3, 0, 0));
}

TEST(PackBatchTest, ReturnsItsShape) {
  const Encoding a{{2, 17, 3}}, b{{2, 3}};
  const BatchShape shape = ShapeOf({&a, &b, &a});
  EXPECT_EQ(shape.rows, 8);
  EXPECT_EQ(shape.texts, 3);
}

TEST(PackBatchTest, HoldsASingleToken) {
  const Encoding one{{7}};
  const PackedBatch batch = PackBatch({&one}, c10::kCPU);
  EXPECT_EQ(batch.texts(), 1);
  EXPECT_THAT(batch.starts, ElementsAre(0, 1));
  EXPECT_THAT(Values(batch.ids), ElementsAre(7));
  EXPECT_THAT(Values(batch.positions), ElementsAre(0));
}

TEST(PackBatchTest, GivesTheSameOnAGpu) {
  const auto device = ParseDevice("cuda:0");
  if (!device.ok()) GTEST_SKIP() << device.status().message();
  const Encoding a{{2, 17, 3}}, b{{2, 3}};
  const PackedBatch batch = PackBatch({&a, &b}, *device);
  EXPECT_TRUE(batch.ids.is_cuda());
  EXPECT_THAT(Values(batch.ids.cpu()), ElementsAre(2, 17, 3, 2, 3));
  EXPECT_THAT(Values(batch.positions.cpu()), ElementsAre(0, 1, 2, 0, 1));
  EXPECT_THAT(Values(batch.device_starts.cpu()), ElementsAre(0, 3, 5));
}

}  // namespace
}  // namespace newsgenre
