#include "common/text/text_encoder.h"

#include <string>

#include "absl/status/status.h"

namespace newsgenre {

absl::StatusOr<Encoding> TextEncoder::Encode(std::string_view text) const {
  Encoding encoding = tokenizer_.Encode(CleanText(text, cleaning_), max_tokens_);
  const bool only_cls_and_sep = encoding.ids.size() == 2 && !encoding.truncated;
  if (only_cls_and_sep) {
    return absl::InvalidArgumentError("the text is empty after cleaning");
  }
  return encoding;
}

}  // namespace newsgenre
