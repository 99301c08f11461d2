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

// A text of each length, [CLS] and [SEP] included, with pieces from `first` on between them.
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

MaskedBatch Hide(const Dataset& data, const RowBatch& rows, uint64_t seed) {
  Random random(seed);
  return MaskWordsOf(data, rows, Vocabulary(), &random, c10::kCPU);
}

// The ids of these texts, one after the other, as they are without masks.
at::Tensor PlainIds(const Dataset& data, const RowBatch& rows) {
  std::vector<int32_t> ids;
  for (const int32_t row : rows) {
    const std::vector<int32_t> text = data.Text(row).ids;
    ids.insert(ids.end(), text.begin(), text.end());
  }
  return at::tensor(ids, at::kInt);
}

const RowBatch kRows = {2, 0, 3};

TEST(HideWordsOfTest, IsTheMaskedTextsPackedAndPadded) {
  const Dataset data = RandomTexts({20, 50, 9, 33});
  const MaskedBatch batch = Hide(data, kRows, 3);
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
  // The rows of padding pass through the network as well.
  EXPECT_GE(batch.texts.ids.min().item<int>(), 0);
  EXPECT_LT(batch.texts.ids.max().item<int>(), kPieces);
  EXPECT_LT(batch.texts.positions.max().item<int>(), 33);
}

TEST(HideWordsOfTest, LabelsAreWhatStoodInTheRowsToTell) {
  const Dataset data = RandomTexts({20, 50, 9, 33});
  const MaskedBatch batch = Hide(data, kRows, 4);
  const at::Tensor labels = batch.targets.labels, rows = batch.targets.rows;
  const int64_t count = labels.size(0) - batch.targets.padding;
  ASSERT_EQ(labels.size(0), 16);
  ASSERT_EQ(rows.size(0), 16);
  EXPECT_GE(count, 3);  // one a text at least
  EXPECT_TRUE(labels.slice(0, count).eq(kNoLabel).all().item<bool>());
  EXPECT_TRUE(rows.slice(0, count).eq(0).all().item<bool>());

  // With the labels in their rows the texts are whole again; all other rows never changed.
  const at::Tensor told = rows.slice(0, 0, count);
  const at::Tensor restored =
      batch.texts.ids.slice(0, 0, 62).index_put({told}, labels.slice(0, 0, count).to(at::kInt));
  EXPECT_TRUE(at::equal(restored, PlainIds(data, kRows)));
  EXPECT_FALSE(at::equal(batch.texts.ids.slice(0, 0, 62), PlainIds(data, kRows)));
  EXPECT_TRUE(told.diff().gt(0).all().item<bool>());
}

// 16 of 107 tokens are to be told, where each is a word.
TEST(HideWordsOfTest, WhatFitsIsNotPadded) {
  const Dataset data = RandomTexts({109, 112}, /*first=*/300);
  const MaskedBatch one = Hide(data, {0}, 5);
  EXPECT_EQ(one.targets.padding, 0);
  EXPECT_EQ(one.targets.labels.size(0), 16);
  EXPECT_EQ(one.texts.rows(), 112);
  const MaskedBatch both = Hide(data, {0, 1}, 5);
  EXPECT_EQ(both.targets.labels.size(0), 48);
  EXPECT_EQ(both.targets.padding, 15);  // of 110 tokens 17
  EXPECT_EQ(Hide(data, {1}, 5).texts.rows(), 112);
}

TEST(HideWordsOfTest, ChanceAloneDecides) {
  const Dataset data = RandomTexts({20, 50, 9, 33});
  const MaskedBatch a = Hide(data, kRows, 6), b = Hide(data, kRows, 6), other = Hide(data, kRows, 7);
  EXPECT_TRUE(at::equal(a.texts.ids.slice(0, 0, 62), b.texts.ids.slice(0, 0, 62)));
  EXPECT_TRUE(at::equal(a.targets.rows, b.targets.rows));
  EXPECT_TRUE(at::equal(a.targets.labels, b.targets.labels));
  EXPECT_FALSE(at::equal(a.texts.ids.slice(0, 0, 62), other.texts.ids.slice(0, 0, 62)));
}

}  // namespace
}  // namespace newsgenre
