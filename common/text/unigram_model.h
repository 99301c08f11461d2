// A unigram language model over vocabulary pieces. Splits a word into its most probable pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

// Immutable; safe to use from any thread.
class UnigramModel {
 public:
  struct Piece {
    std::string_view text;
    int32_t id = -1;
    float score = 0;
  };
  // The piece for characters that are not in the vocabulary. A run of them gives one piece.
  struct Unknown {
    int32_t id = 0;
    double score = 0;  // per character
  };

  // Creates a model. Returns INVALID_ARGUMENT if a piece is empty or has the same text as another.
  static absl::StatusOr<UnigramModel> FromPieces(std::vector<Piece> pieces, const Unknown& unknown);

  // Appends the ids of the segmentation with the highest sum of scores (Viterbi algorithm, as in
  // SentencePiece's EncodeOptimized). Ties go to the segmentation with the longest last piece. `word` must be
  // valid UTF-8. Time and memory are linear in its size.
  void Encode(std::string_view word, std::vector<int32_t>* ids) const;

 private:
  // A node of a double-array trie over bytes (Aoe 1989, An Efficient Digital Search Algorithm by Using a
  // Double-Array Structure). The child for a byte is at index children + byte if its parent is this node.
  struct Node {
    uint32_t children = 0;
    uint32_t parent = kNone;
    int32_t id = -1;  // id of the piece that ends here, or -1
    float score = 0;
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  // The last piece of the best segmentation of a word's prefix.
  struct Step {
    int32_t id = -1;
    size_t begin = 0;
    double score = 0;
  };

  explicit UnigramModel(const Unknown& unknown) : unknown_(unknown) {}
  // Builds the trie. `sorted` is sorted by text.
  void Build(const std::vector<Piece>& sorted);
  // Returns a value for Node::children such that the slots for all `labels` (ascending bytes) are free.
  // Searches from *first_free and can advance it.
  uint32_t FindFreeSlots(std::string_view labels, uint32_t* first_free);
  // Returns kNone if there is no such child.
  uint32_t Child(uint32_t node, char byte) const;
  // Returns the node at the end of `word`, or kNone if no piece begins with `word`.
  uint32_t NodeOf(std::string_view word) const;
  // Fills best[end] for each prefix of `word`; `best` has word.size() + 1 elements.
  void FindBestSteps(std::string_view word, Step* best) const;
  void AppendBestPieces(std::string_view word, std::vector<int32_t>* ids) const;

  Unknown unknown_;
  std::vector<Node> nodes_;  // nodes_[0] is the root
  // Indexed by node: whether the piece that ends there is its own best segmentation. Most words of a text are
  // such pieces and do not need the Viterbi algorithm.
  std::vector<bool> is_best_alone_;
};

}  // namespace newsgenre
