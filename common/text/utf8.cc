#include "common/text/utf8.h"

namespace newsgenre {

bool IsValidUtf8(std::string_view bytes) {
  const char* const data = bytes.data();
  UChar32 character = 0;
  for (size_t position = 0; position < bytes.size() && character >= 0;) {
    U8_NEXT(data, position, bytes.size(), character);
  }
  return character >= 0;
}

void AppendUtf8(char32_t character, std::string* out) {
  char buffer[U8_MAX_LENGTH];
  size_t length = 0;
  U8_APPEND_UNSAFE(buffer, length, character);
  out->append(buffer, length);
}

}  // namespace newsgenre
