// Makes xz data for tests.
#pragma once

#include <lzma.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace newsgenre {

// Returns `text` as one xz stream.
inline std::string XzBytes(std::string_view text) {
  std::string xz(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  const lzma_ret result =
      lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                              text.size(), reinterpret_cast<uint8_t*>(xz.data()), &size, xz.size());
  EXPECT_EQ(result, LZMA_OK);
  xz.resize(size);
  return xz;
}

}  // namespace newsgenre
