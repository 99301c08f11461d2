// A unigram vocabulary: the most probable way to cut a word into pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

// Immutable: any thread.
class UnigramModel {
 public:
  struct Piece {
    std::string_view text;
    int32_t id = -1;
    float score = 0;
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
  // A node of a trie over bytes, a double array (Aoe 1989, An Efficient Digital Search Algorithm by Using a
  // Double-Array Structure): the child by a byte is at children + byte if that node says so.
  struct Node {
    uint32_t children = 0;
    uint32_t parent = kNone;
    int32_t id = -1;  // of the piece that ends here
    float score = 0;
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  // The best way to reach a place in the word.
  struct Step {
    int32_t id = -1;
    size_t begin = 0;
    double score = 0;
  };

  explicit UnigramModel(const Unknown& unknown) : unknown_(unknown) {}
  void Build(const std::vector<Piece>& sorted);
  // Where children by these bytes, which ascend, find free places; from *first_free on.
  uint32_t FindPlaces(std::string_view labels, uint32_t* first_free);
  // kNone where there is none.
  uint32_t Child(uint32_t node, char byte) const;
  // Where `word` ends; kNone where no piece begins with it.
  uint32_t NodeOf(std::string_view word) const;
  void FindBestSteps(std::string_view word, Step* best) const;
  void AppendBestPieces(std::string_view word, std::vector<int32_t>* ids) const;

  Unknown unknown_;
  std::vector<Node> nodes_;  // the root is first
  // By node: whether the piece that ends there is its own best cut, as most words of a text are, which then
  // need no Viterbi.
  std::vector<bool> whole_;
};

}  // namespace newsgenre
