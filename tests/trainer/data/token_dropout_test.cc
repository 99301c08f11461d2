#include "trainer/data/token_dropout.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>

#include "gmock/gmock.h"
#include "tests/support/random_texts.h"
#include "trainer/data/device_dataset.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;

class DropTokensTest : public testing::Test {
 protected:
  DropTokensTest() {
    at::set_num_threads(1);
    at::manual_seed(1);
  }

  // Returns a padded batch of texts with these lengths.
  static PackedBatch Batch(const std::vector<int>& lengths) {
    Dataset data;
    RowBatch rows;
    for (const Encoding& text : RandomTexts(lengths)) {
      rows.push_back(static_cast<int32_t>(data.size()));
      data.Add(text, 0, 1);
    }
    return DeviceDataset(data, c10::kCPU).Batch(rows).texts;
  }
  static at::Tensor Dropped(double rate, PackedBatch batch) {
    DropTokens(rate, &batch);
    EXPECT_EQ(batch.ids.scalar_type(), at::kInt);
    return batch.ids;
  }
  static int64_t Masked(const at::Tensor& ids) { return ids.eq(Tokenizer::kMask).sum().item<int64_t>(); }
};

TEST_F(DropTokensTest, MasksTheGivenFraction) {
  const PackedBatch batch = Batch({5002, 3002, 2002});
  const at::Tensor ids = Dropped(0.3, batch);
  EXPECT_NEAR(static_cast<double>(Masked(ids)), 3000, 150);
  EXPECT_TRUE(ids.ne(batch.ids).logical_and(ids.ne(Tokenizer::kMask)).logical_not().all().item<bool>());
}

TEST_F(DropTokensTest, KeepsClsSepAndPadding) {
  const PackedBatch batch = Batch({3, 1, 2, 4});
  ASSERT_EQ(batch.rows(), 16);
  for (int i = 0; i < 20; ++i) {
    const at::Tensor changed = Dropped(1, batch).ne(batch.ids).nonzero().flatten();
    EXPECT_THAT(std::vector<int64_t>(changed.const_data_ptr<int64_t>(),
                                     changed.const_data_ptr<int64_t>() + changed.numel()),
                ElementsAre(1, 7, 8));
  }
}

TEST_F(DropTokensTest, ChangesNothingAtRateZero) {
  const PackedBatch batch = Batch({50, 50});
  EXPECT_TRUE(at::equal(Dropped(0, batch), batch.ids));
}

TEST_F(DropTokensTest, UsesTorchsGenerator) {
  const PackedBatch batch = Batch({100, 60});
  const at::Tensor first = Dropped(0.5, batch);
  EXPECT_FALSE(at::equal(Dropped(0.5, batch), first));
  at::manual_seed(1);
  EXPECT_TRUE(at::equal(Dropped(0.5, batch), first));
}

}  // namespace
}  // namespace newsgenre
