#include "trainer/watch/tfrecord.h"

#include <numeric>
#include <string>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

TEST(Crc32cTest, HasTheStandardsValues) {
  // RFC 3720, appendix B.4, and the check value of CRC-32/ISCSI.
  std::string rising(32, '\0');
  std::iota(rising.begin(), rising.end(), '\0');
  const std::string falling(rising.rbegin(), rising.rend());
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(Crc32c(falling), 0x113fdb5cu);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(TfRecordTest, FramesTheData) {
  const std::string record = TfRecord("123456789");
  ASSERT_EQ(record.size(), 8 + 4 + 9 + 4);
  EXPECT_EQ(record.substr(0, 8), std::string("\x09\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 9), "123456789");
  // 0xe3069283, turned right by 15 bits, is 0x2507c60d; with 0xa282ead8 it is 0xc78ab0e5.
  EXPECT_EQ(record.substr(21), "\xe5\xb0\x8a\xc7");
}

TEST(TfRecordTest, TheLengthHasItsOwnChecksum) {
  EXPECT_EQ(TfRecord("a").substr(8, 4), TfRecord("b").substr(8, 4));
  EXPECT_NE(TfRecord("a").substr(8, 4), TfRecord("bc").substr(8, 4));
  EXPECT_NE(TfRecord("a").substr(13), TfRecord("b").substr(13));
}

}  // namespace
}  // namespace newsgenre
