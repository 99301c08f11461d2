#include "common/base/printable.h"

#include <cstddef>

#include "absl/strings/escaping.h"

namespace newsgenre {

std::string Printable(std::string_view name) {
  constexpr size_t kMaxBytes = 120;  // the longest tensor name in ALBERT has 87
  std::string printable = absl::CHexEscape(std::string(name.substr(0, kMaxBytes)));
  return name.size() > kMaxBytes ? printable + "…" : printable;
}

}  // namespace newsgenre
