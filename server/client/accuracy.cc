#include "server/client/accuracy.h"

#include <cstdio>

namespace newsgenre {

void AccuracyTally::Add(std::string_view known_label, std::string_view given_label) {
  ++total_;
  if (known_label == given_label) ++right_;
}

std::string AccuracyTally::Summary() const {
  if (total_ == 0) return "";
  char percent[32];
  std::snprintf(percent, sizeof(percent), "%.2f",
                100.0 * static_cast<double>(right_) / static_cast<double>(total_));
  return "accuracy " + std::string(percent) + " % (" + std::to_string(right_) + " of " +
         std::to_string(total_) + " texts with a label)";
}

}  // namespace newsgenre
