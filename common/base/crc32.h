// Checksums of 32 bits.
#pragma once

#include <cstdint>
#include <string_view>

namespace newsgenre {

// With the bits reversed: bit 31 is the coefficient of x^0.
enum class Crc32Polynomial : uint32_t {
  kZip = 0xedb88320,         // 0x04c11db7: zip archives (ISO 3309)
  kCastagnoli = 0x82f63b78,  // 0x1edc6f41: CRC-32C (RFC 3720, section 12.1)
};

// The remainder that starts as all ones and is inverted at the end, which the standards of both have. Pure;
// any thread.
uint32_t Crc32(std::string_view bytes, Crc32Polynomial polynomial);

}  // namespace newsgenre
