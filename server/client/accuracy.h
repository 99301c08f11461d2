// How often the model is right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace newsgenre {

// Counts the texts whose label is known. Not thread-safe.
class AccuracyTally {
 public:
  void Add(std::string_view known_label, std::string_view given_label);

  int64_t total() const { return total_; }
  int64_t right() const { return right_; }
  // "accuracy 91.30 % (6939 of 7600 texts with a label)", empty where none has one.
  std::string Summary() const;

 private:
  int64_t total_ = 0;
  int64_t right_ = 0;
};

}  // namespace newsgenre
