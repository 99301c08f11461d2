#include "trainer/watch/tfrecord.h"

#include <cstdint>

#include "common/base/crc32.h"

namespace newsgenre {
namespace {

// Masks the CRC, as the format requires: a CRC of data that contains CRCs is weak.
uint32_t MaskedCrc(std::string_view bytes) {
  const uint32_t crc = Crc32(bytes, Crc32Polynomial::kCastagnoli);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

template <typename Integer>
std::string LittleEndian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(value); ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xff);
  return bytes;
}

}  // namespace

std::string TfRecord(std::string_view data) {
  const std::string length = LittleEndian(uint64_t{data.size()});
  return length + LittleEndian(MaskedCrc(length)) + std::string(data) + LittleEndian(MaskedCrc(data));
}

}  // namespace newsgenre
