#include "common/base/crc32.h"

#include <numeric>
#include <string>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

TEST(Crc32Test, ComputesTheZipChecksum) {
  const auto crc = [](const std::string& bytes) { return Crc32(bytes, Crc32Polynomial::kZip); };
  EXPECT_EQ(crc("123456789"), 0xcbf43926u);  // the standard check value of CRC-32
  EXPECT_EQ(crc(""), 0u);
}

TEST(Crc32Test, ComputesTheCastagnoliChecksum) {
  const auto crc = [](const std::string& bytes) { return Crc32(bytes, Crc32Polynomial::kCastagnoli); };
  // RFC 3720, appendix B.4, and the check value of CRC-32/ISCSI.
  std::string rising(32, '\0');
  std::iota(rising.begin(), rising.end(), '\0');
  const std::string falling(rising.rbegin(), rising.rend());
  EXPECT_EQ(crc(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc(rising), 0x46dd794eu);
  EXPECT_EQ(crc(falling), 0x113fdb5cu);
  EXPECT_EQ(crc("123456789"), 0xe3069283u);
  EXPECT_EQ(crc(""), 0u);
}

}  // namespace
}  // namespace newsgenre
