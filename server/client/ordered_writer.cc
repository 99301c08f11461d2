#include "server/client/ordered_writer.h"

#include <utility>

namespace newsgenre {

void OrderedWriter::Write(size_t index, std::string text) {
  held_.emplace(index, std::move(text));
  for (auto it = held_.begin(); it != held_.end() && it->first == next_; it = held_.erase(it)) {
    *out_ << it->second;
    ++next_;
  }
}

}  // namespace newsgenre
