#include "trainer/data/device_dataset.h"

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include "gmock/gmock.h"
#include "tests/support/random_texts.h"

namespace newsgenre {
namespace {

std::vector<int32_t> Values(const at::Tensor& tensor) {
  EXPECT_EQ(tensor.scalar_type(), at::kInt);
  return {tensor.const_data_ptr<int32_t>(), tensor.const_data_ptr<int32_t>() + tensor.numel()};
}

class DeviceDatasetTest : public testing::Test {
 protected:
  DeviceDatasetTest() {
    at::set_num_threads(1);
    for (size_t i = 0; i < texts_.size(); ++i) data_.Add(texts_[i], static_cast<int>(i % 4), i + 1);
  }

  // Returns the result of PackBatch for the same texts.
  PackedBatch Packed(const RowBatch& rows) const {
    std::vector<Encoding> texts;
    for (const int32_t row : rows) texts.push_back(texts_[row]);
    return Pack(texts);
  }

  const std::vector<Encoding> texts_ = RandomTexts({7, 33, 1, 21, 8, 16});
  Dataset data_;
};

TEST_F(DeviceDatasetTest, BatchesEqualThoseOfPackBatch) {
  const DeviceDataset dataset(data_, c10::kCPU);
  for (const RowBatch& rows :
       {RowBatch{0, 1, 2, 3, 4, 5}, {5, 3, 1}, {2}, {4, 4, 0, 4}, {2, 2, 2}, {1}, {5}, {0, 2, 4}}) {
    const LabelledBatch batch = dataset.Batch(rows);
    const PackedBatch right = Packed(rows);
    EXPECT_EQ(batch.texts.starts, right.starts);
    EXPECT_EQ(batch.texts.max_length, right.max_length);
    EXPECT_EQ(Values(batch.texts.device_starts), Values(right.device_starts));
    EXPECT_EQ(Values(batch.texts.first_rows), Values(right.first_rows));
    const int64_t tokens = right.tokens();
    EXPECT_EQ(Values(batch.texts.ids.narrow(0, 0, tokens)), Values(right.ids));
    EXPECT_EQ(Values(batch.texts.positions.narrow(0, 0, tokens)), Values(right.positions));
    std::vector<int64_t> labels;
    for (const int32_t row : rows) labels.push_back(data_.labels[row]);
    EXPECT_TRUE(at::equal(batch.labels, at::tensor(labels)));
  }
}

TEST_F(DeviceDatasetTest, PadsTokensToAMultipleOf16Rows) {
  const DeviceDataset dataset(data_, c10::kCPU);
  const struct {
    RowBatch rows;
    int64_t padded;
  } cases[] = {{{2}, 16}, {{5}, 16}, {{0, 4}, 16}, {{5, 2}, 32}, {{0, 1, 2, 3, 4, 5}, 96}};
  for (const auto& test : cases) {
    const PackedBatch batch = dataset.Batch(test.rows).texts;
    EXPECT_EQ(batch.rows(), test.padded);
    EXPECT_EQ(batch.positions.size(0), test.padded);
    EXPECT_EQ(batch.texts(), static_cast<int64_t>(test.rows.size()));
    for (int64_t row = batch.tokens(); row < batch.rows(); ++row) {
      EXPECT_EQ(Values(batch.ids)[row], 0);
      EXPECT_EQ(Values(batch.positions)[row], 0);
    }
  }
}

}  // namespace
}  // namespace newsgenre
