#include "trainer/pretraining/masked_batch.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include <vector>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

constexpr int kPieces = 1000;

// Every piece from 300 on begins a word.
MaskingVocabulary Vocabulary() {
  MaskingVocabulary vocabulary{kPieces, std::vector<bool>(kPieces, false)};
  for (size_t piece = 300; piece < kPieces; ++piece) vocabulary.begins_word[piece] = true;
  return vocabulary;
}

// Returns a text of each length, including [CLS] and [SEP], of pieces from `first` on.
Dataset RandomTexts(const std::vector<int>& lengths, int first = 5) {
  Random random(1);
  Dataset data;
  for (const int length : lengths) {
    Encoding text{{Tokenizer::kCls}};
    for (int i = 2; i < length; ++i) {
      text.ids.push_back(first + static_cast<int32_t>(random.Below(kPieces - first)));
    }
    text.ids.push_back(Tokenizer::kSep);
    data.Add(text, 0, data.size() + 1);
  }
  return data;
}

MaskedBatch MakeBatch(const Dataset& data, const RowBatch& rows, uint64_t seed) {
  Random random(seed);
  return MakeMaskedBatch(data, rows, Vocabulary(), &random, c10::kCPU);
}

// Returns the concatenated ids of the texts before masking.
at::Tensor UnmaskedIds(const Dataset& data, const RowBatch& rows) {
  std::vector<int32_t> ids;
  for (const int32_t row : rows) {
    const std::vector<int32_t> text = data.Text(row).ids;
    ids.insert(ids.end(), text.begin(), text.end());
  }
  return at::tensor(ids, at::kInt);
}

const RowBatch kRows = {2, 0, 3};

TEST(MakeMaskedBatchTest, PacksAndPadsTheMaskedTexts) {
  const Dataset data = RandomTexts({20, 50, 9, 33});
  const MaskedBatch batch = MakeBatch(data, kRows, 3);
  Random random(3);
  std::vector<MaskedText> masked;
  std::vector<const Encoding*> texts;
  for (const int32_t row : kRows) masked.push_back(MaskWords(data.Text(row).ids, Vocabulary(), &random));
  texts.reserve(masked.size());
  for (const MaskedText& text : masked) texts.push_back(&text.text);
  const PackedBatch packed = PackBatch(texts, c10::kCPU);

  ASSERT_EQ(packed.rows(), 62);
  EXPECT_EQ(batch.texts.rows(), 64);
  EXPECT_TRUE(at::equal(batch.texts.ids.slice(0, 0, 62), packed.ids));
  EXPECT_TRUE(at::equal(batch.texts.positions.slice(0, 0, 62), packed.positions));
  EXPECT_TRUE(at::equal(batch.texts.device_starts, packed.device_starts));
  EXPECT_TRUE(at::equal(batch.texts.first_rows, packed.first_rows));
  EXPECT_EQ(batch.texts.starts, packed.starts);
  EXPECT_EQ(batch.texts.max_length, 33);
  // The padding rows pass through the network, so their values must be valid.
  EXPECT_GE(batch.texts.ids.min().item<int>(), 0);
  EXPECT_LT(batch.texts.ids.max().item<int>(), kPieces);
  EXPECT_LT(batch.texts.positions.max().item<int>(), 33);
}

TEST(MakeMaskedBatchTest, LabelsAreTheOriginalTokensOfTheTargetRows) {
  const Dataset data = RandomTexts({20, 50, 9, 33});
  const MaskedBatch batch = MakeBatch(data, kRows, 4);
  const at::Tensor labels = batch.targets.labels, rows = batch.targets.rows;
  const int64_t count = labels.size(0) - batch.targets.padding;
  ASSERT_EQ(labels.size(0), 16);
  ASSERT_EQ(rows.size(0), 16);
  EXPECT_GE(count, 3);  // at least one per text
  EXPECT_TRUE(labels.slice(0, count).eq(kNoLabel).all().item<bool>());
  EXPECT_TRUE(rows.slice(0, count).eq(0).all().item<bool>());

  // Writing the labels to their rows restores the texts, so no other row was changed.
  const at::Tensor target_rows = rows.slice(0, 0, count);
  const at::Tensor restored =
      batch.texts.ids.slice(0, 0, 62).index_put({target_rows}, labels.slice(0, 0, count).to(at::kInt));
  EXPECT_TRUE(at::equal(restored, UnmaskedIds(data, kRows)));
  EXPECT_FALSE(at::equal(batch.texts.ids.slice(0, 0, 62), UnmaskedIds(data, kRows)));
  EXPECT_TRUE(target_rows.diff().gt(0).all().item<bool>());
}

// 16 of 107 tokens are masked if each of them begins a word.
TEST(MakeMaskedBatchTest, DoesNotPadMultiplesOf16) {
  const Dataset data = RandomTexts({109, 112}, /*first=*/300);
  const MaskedBatch one = MakeBatch(data, {0}, 5);
  EXPECT_EQ(one.targets.padding, 0);
  EXPECT_EQ(one.targets.labels.size(0), 16);
  EXPECT_EQ(one.texts.rows(), 112);
  const MaskedBatch both = MakeBatch(data, {0, 1}, 5);
  EXPECT_EQ(both.targets.labels.size(0), 48);
  EXPECT_EQ(both.targets.padding, 15);  // 17 of 110 tokens are masked
  EXPECT_EQ(MakeBatch(data, {1}, 5).texts.rows(), 112);
}

TEST(MakeMaskedBatchTest, DependsOnTheRandomGeneratorAlone) {
  const Dataset data = RandomTexts({20, 50, 9, 33});
  const MaskedBatch a = MakeBatch(data, kRows, 6), b = MakeBatch(data, kRows, 6),
                    other = MakeBatch(data, kRows, 7);
  EXPECT_TRUE(at::equal(a.texts.ids.slice(0, 0, 62), b.texts.ids.slice(0, 0, 62)));
  EXPECT_TRUE(at::equal(a.targets.rows, b.targets.rows));
  EXPECT_TRUE(at::equal(a.targets.labels, b.targets.labels));
  EXPECT_FALSE(at::equal(a.texts.ids.slice(0, 0, 62), other.texts.ids.slice(0, 0, 62)));
}

}  // namespace
}  // namespace newsgenre
