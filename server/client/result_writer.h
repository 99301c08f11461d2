// The JSON lines of a classified file, written in the order of its rows.
#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "newsgenre/v1/classifier.pb.h"

namespace newsgenre {

// Returns one JSON object without a line break:
//   {"label": "World", "probabilities": {"World": 0.98, …}, "tokens": 54, "truncated": false,
//    "model_version": "…"}
// with the labels in the model's order, and each probability as the shortest decimal that parses to the same
// float; or, for an error,
//   {"error": "INVALID_ARGUMENT: …"}
std::string ResultLine(const absl::StatusOr<v1::ClassifyResponse>& result);

// Writes texts in the order of their indexes, although they arrive in any order. Holds a text until all
// before it are written. Not thread-safe.
class OrderedWriter {
 public:
  // `out` must outlive the writer.
  explicit OrderedWriter(std::ostream* out) : out_(out) {}

  // Takes the text of `index`. Must be called once for each index, which start at 0.
  void Write(size_t index, std::string text);

  // Returns the number of texts that wait for an earlier one.
  size_t held() const { return held_.size(); }

 private:
  std::ostream* const out_;
  size_t next_ = 0;  // index of the next text to write
  std::map<size_t, std::string> held_;
};

}  // namespace newsgenre
