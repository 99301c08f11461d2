#include "common/model/packed_batch.h"

#include <ATen/core/Tensor.h>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;

std::vector<int64_t> Values(const at::Tensor& tensor) {
  const int64_t* data = tensor.const_data_ptr<int64_t>();
  return {data, data + tensor.numel()};
}

TEST(PackBatchTest, LaysTextsEndToEnd) {
  const Encoding a{{2, 17, 3}}, b{{2, 3}}, c{{2, 40, 41, 42, 3}};
  const PackedBatch batch = PackBatch({&a, &b, &c}, c10::kCPU);
  EXPECT_EQ(batch.texts(), 3);
  EXPECT_EQ(batch.tokens(), 10);
  EXPECT_THAT(batch.starts, ElementsAre(0, 3, 5, 10));
  EXPECT_EQ(batch.length(2), 5);
  EXPECT_THAT(Values(batch.ids), ElementsAre(2, 17, 3, 2, 3, 2, 40, 41, 42, 3));
  EXPECT_THAT(Values(batch.positions), ElementsAre(0, 1, 2, 0, 1, 0, 1, 2, 3, 4));
}

TEST(PackBatchTest, HoldsASingleToken) {
  const Encoding one{{7}};
  const PackedBatch batch = PackBatch({&one}, c10::kCPU);
  EXPECT_EQ(batch.texts(), 1);
  EXPECT_THAT(batch.starts, ElementsAre(0, 1));
  EXPECT_THAT(Values(batch.ids), ElementsAre(7));
  EXPECT_THAT(Values(batch.positions), ElementsAre(0));
}

}  // namespace
}  // namespace newsgenre
