// A unigram vocabulary: the most probable way to cut a word into pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace newsgenre {

// Not changed after the last Add: any thread.
class UnigramModel {
 public:
  // `unknown_score`: what a character costs that is no piece; such characters in a row become one
  // `unknown_id`.
  UnigramModel(int32_t unknown_id, double unknown_score)
      : unknown_id_(unknown_id), unknown_score_(unknown_score) {}

  // False where the piece is empty or there already.
  bool Add(std::string_view piece, int32_t id, double score);

  // Appends the ids of the pieces whose scores have the highest sum (Viterbi, as SentencePiece's
  // EncodeOptimized); of equal sums the one whose last piece begins first. `word` is valid UTF-8. Time and
  // memory grow linearly.
  void Encode(std::string_view word, std::vector<int32_t>* ids) const;

 private:
  struct Node {
    int32_t id = -1;
    double score = 0;
  };
  // The best way to reach a place in the word.
  struct Step {
    int32_t id = -1;
    size_t begin = 0;
    double score = 0;
  };

  std::optional<uint32_t> Child(uint32_t node, char byte) const;
  std::vector<Step> BestSteps(std::string_view word) const;

  int32_t unknown_id_;
  double unknown_score_;
  std::vector<Node> nodes_{1};  // a trie over bytes; the root is first
  absl::flat_hash_map<uint64_t, uint32_t> children_;
};

}  // namespace newsgenre
