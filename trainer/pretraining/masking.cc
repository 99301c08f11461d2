#include "trainer/pretraining/masking.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace newsgenre {
namespace {

constexpr double kShareToTell = 0.15;

// The words of a run: 1, 2 or 3, with chances of 6, 3 and 2 in 11.
int DrawRun(Random* random) {
  const uint64_t draw = random->Below(11);
  return draw < 6 ? 1 : draw < 9 ? 2 : 3;
}

// Where the words between [CLS] and [SEP] begin, and at last [SEP]'s place.
std::vector<size_t> WordBegins(const std::vector<int32_t>& ids, const std::vector<bool>& begins_word) {
  std::vector<size_t> begins = {1};
  for (size_t place = 2; place + 1 < ids.size(); ++place) {
    if (begins_word[ids[place]]) begins.push_back(place);
  }
  begins.push_back(ids.size() - 1);
  return begins;
}

// By place in `ids`, whether it is to be told.
std::vector<bool> Choose(const std::vector<int32_t>& ids, const std::vector<bool>& begins_word,
                         Random* random) {
  const std::vector<size_t> begins = WordBegins(ids, begins_word);
  const double tokens = static_cast<double>(ids.size() - 2);
  const size_t wanted = static_cast<size_t>(std::max(1.0, std::round(kShareToTell * tokens)));
  std::vector<size_t> order(begins.size() - 1);
  std::iota(order.begin(), order.end(), 0);
  random->Shuffle(&order);
  std::vector<bool> chosen(ids.size(), false);
  size_t count = 0;
  for (const size_t word : order) {
    if (count >= wanted) break;
    const size_t end = std::min(word + static_cast<size_t>(DrawRun(random)), begins.size() - 1);
    for (size_t next = word; next < end && !chosen[begins[next]]; ++next) {
      const size_t size = begins[next + 1] - begins[next];
      // Rather fewer than too many, but for a text whose every word is longer than that.
      if (count > 0 && count + size > wanted) break;
      std::fill_n(chosen.begin() + static_cast<std::ptrdiff_t>(begins[next]), size, true);
      count += size;
    }
  }
  return chosen;
}

}  // namespace

MaskedText MaskWords(std::vector<int32_t> ids, const MaskingVocabulary& vocabulary, Random* random) {
  const std::vector<bool> chosen = Choose(ids, vocabulary.begins_word, random);
  MaskedText masked;
  for (size_t place = 0; place < ids.size(); ++place) {
    if (!chosen[place]) continue;
    masked.places.push_back(static_cast<int64_t>(place));
    masked.labels.push_back(ids[place]);
    const uint64_t draw = random->Below(10);
    if (draw < 8) ids[place] = Tokenizer::kMask;
    constexpr int32_t kFirst = Tokenizer::kMask + 1;
    if (draw == 8) ids[place] = kFirst + static_cast<int32_t>(random->Below(vocabulary.size - kFirst));
  }
  masked.text.ids = std::move(ids);
  return masked;
}

}  // namespace newsgenre
