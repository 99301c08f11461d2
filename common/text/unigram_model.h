// A unigram vocabulary: the most probable way to cut a word into pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// Immutable: any thread.
class UnigramModel {
 public:
  struct Piece {
    std::string_view text;
    int32_t id = -1;
    double score = 0;
  };
  // For characters that are no piece; such characters in a row become one.
  struct Unknown {
    int32_t id = 0;
    double score = 0;  // of each character
  };

  // INVALID_ARGUMENT names a piece that is empty or there twice.
  static absl::StatusOr<UnigramModel> FromPieces(std::vector<Piece> pieces, const Unknown& unknown);

  // Appends the ids of the pieces whose scores have the highest sum (Viterbi, as SentencePiece's
  // EncodeOptimized); of equal sums the one whose last piece begins first. `word` is valid UTF-8. Time and
  // memory grow linearly.
  void Encode(std::string_view word, std::vector<int32_t>* ids) const;

 private:
  // A node of a trie over bytes. Its children lie side by side, so that looking for one is a search in a few
  // bytes of labels_.
  struct Node {
    uint32_t first_child = 0;
    uint32_t children = 0;
    int32_t id = -1;  // of the piece that ends here
    double score = 0;
  };
  // The best way to reach a place in the word.
  struct Step {
    int32_t id = -1;
    size_t begin = 0;
    double score = 0;
  };

  explicit UnigramModel(const Unknown& unknown) : unknown_(unknown) {}
  void Build(const std::vector<Piece>& sorted);
  // The root, which is no child, where there is none.
  uint32_t Child(uint32_t node, char byte) const;
  void FindBestSteps(std::string_view word, Step* best) const;
  void AppendBestPieces(std::string_view word, std::vector<int32_t>* ids) const;

  Unknown unknown_;
  std::vector<Node> nodes_;  // the root is first
  std::string labels_;       // the byte that leads to each node
  // The pieces that are their own best cut, as most words of a text are: found here, they need no Viterbi.
  absl::flat_hash_map<std::string, int32_t> whole_;
};

}  // namespace newsgenre
