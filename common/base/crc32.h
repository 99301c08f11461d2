// CRC-32 checksums.
#pragma once

#include <cstdint>
#include <string_view>

namespace newsgenre {

// The polynomial with its bits reversed: bit 31 is the coefficient of x^0.
enum class Crc32Polynomial : uint32_t {
  kZip = 0xedb88320,         // 0x04c11db7: CRC-32 of zip archives (ISO 3309)
  kCastagnoli = 0x82f63b78,  // 0x1edc6f41: CRC-32C (RFC 3720, section 12.1)
};

// Returns the checksum of `bytes`. The remainder starts as all ones and is inverted at the end, as both
// standards require. Thread-safe.
uint32_t Crc32(std::string_view bytes, Crc32Polynomial polynomial);

}  // namespace newsgenre
