#include "trainer/watch/tfrecord.h"

#include <string>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

TEST(TfRecordTest, WritesLengthAndChecksums) {
  const std::string record = TfRecord("123456789");
  ASSERT_EQ(record.size(), 8 + 4 + 9 + 4);
  EXPECT_EQ(record.substr(0, 8), std::string("\x09\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 9), "123456789");
  // 0xe3069283 rotated right by 15 bits is 0x2507c60d; plus 0xa282ead8 it is 0xc78ab0e5.
  EXPECT_EQ(record.substr(21), "\xe5\xb0\x8a\xc7");
}

TEST(TfRecordTest, TheLengthHasASeparateChecksum) {
  EXPECT_EQ(TfRecord("a").substr(8, 4), TfRecord("b").substr(8, 4));
  EXPECT_NE(TfRecord("a").substr(8, 4), TfRecord("bc").substr(8, 4));
  EXPECT_NE(TfRecord("a").substr(13), TfRecord("b").substr(13));
}

}  // namespace
}  // namespace newsgenre
