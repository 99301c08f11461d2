// Answers come in any order; the output has the input's.
#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>

namespace newsgenre {

// Writes each text once all before it are written, and keeps it until then. Not thread-safe.
class OrderedWriter {
 public:
  // `out` outlives the writer.
  explicit OrderedWriter(std::ostream* out) : out_(out) {}

  // Each index from 0 on is given once.
  void Write(size_t index, std::string text);

  // Texts that wait for one before them.
  size_t held() const { return held_.size(); }

 private:
  std::ostream* const out_;
  size_t next_ = 0;
  std::map<size_t, std::string> held_;
};

}  // namespace newsgenre
