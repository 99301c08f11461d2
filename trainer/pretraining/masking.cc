#include "trainer/pretraining/masking.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace newsgenre {
namespace {

constexpr double kMaskedShare = 0.15;

// Returns the number of words of a span: 1, 2 or 3 with the probabilities 6/11, 3/11 and 2/11.
int DrawSpan(Random* random) {
  const uint64_t draw = random->Below(11);
  return draw < 6 ? 1 : draw < 9 ? 2 : 3;
}

// Returns the positions at which the words between [CLS] and [SEP] start, and finally the position of [SEP].
std::vector<size_t> WordStarts(const std::vector<int32_t>& ids, const std::vector<bool>& begins_word) {
  std::vector<size_t> starts = {1};
  for (size_t position = 2; position + 1 < ids.size(); ++position) {
    if (begins_word[ids[position]]) starts.push_back(position);
  }
  starts.push_back(ids.size() - 1);
  return starts;
}

// Returns for each position of `ids` whether it is masked.
std::vector<bool> ChoosePositions(const std::vector<int32_t>& ids, const std::vector<bool>& begins_word,
                                  Random* random) {
  const std::vector<size_t> starts = WordStarts(ids, begins_word);
  const double tokens = static_cast<double>(ids.size() - 2);
  const size_t target = static_cast<size_t>(std::max(1.0, std::round(kMaskedShare * tokens)));
  std::vector<size_t> order(starts.size() - 1);
  std::iota(order.begin(), order.end(), 0);
  random->Shuffle(&order);
  std::vector<bool> chosen(ids.size(), false);
  size_t count = 0;
  for (const size_t word : order) {
    if (count >= target) break;
    const size_t end = std::min(word + static_cast<size_t>(DrawSpan(random)), starts.size() - 1);
    for (size_t next = word; next < end && !chosen[starts[next]]; ++next) {
      const size_t size = starts[next + 1] - starts[next];
      // Masks too few tokens rather than too many, except that the first word is always masked.
      if (count > 0 && count + size > target) break;
      std::fill_n(chosen.begin() + static_cast<std::ptrdiff_t>(starts[next]), size, true);
      count += size;
    }
  }
  return chosen;
}

}  // namespace

MaskedText MaskWords(std::vector<int32_t> ids, const MaskingVocabulary& vocabulary, Random* random) {
  const std::vector<bool> chosen = ChoosePositions(ids, vocabulary.begins_word, random);
  MaskedText masked;
  for (size_t position = 0; position < ids.size(); ++position) {
    if (!chosen[position]) continue;
    masked.positions.push_back(static_cast<int64_t>(position));
    masked.labels.push_back(ids[position]);
    const uint64_t draw = random->Below(10);
    if (draw < 8) ids[position] = Tokenizer::kMask;
    constexpr int32_t kFirst = Tokenizer::kMask + 1;
    if (draw == 8) ids[position] = kFirst + static_cast<int32_t>(random->Below(vocabulary.size - kFirst));
  }
  masked.text.ids = std::move(ids);
  return masked;
}

}  // namespace newsgenre
