#include "common/base/crc32.h"

#include <array>

namespace newsgenre {
namespace {

// Returns, for each value of the next byte, the change that it makes to the remainder.
constexpr std::array<uint32_t, 256> MakeTable(Crc32Polynomial polynomial) {
  std::array<uint32_t, 256> table = {};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? static_cast<uint32_t>(polynomial) : 0);
    }
    table[byte] = remainder;
  }
  return table;
}

template <Crc32Polynomial polynomial>
uint32_t Remainder(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeTable(polynomial);
  uint32_t crc = 0xffffffff;
  for (const char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~crc;
}

}  // namespace

uint32_t Crc32(std::string_view bytes, Crc32Polynomial polynomial) {
  return polynomial == Crc32Polynomial::kZip ? Remainder<Crc32Polynomial::kZip>(bytes)
                                             : Remainder<Crc32Polynomial::kCastagnoli>(bytes);
}

}  // namespace newsgenre
