#include "common/base/printable.h"

#include <string>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

TEST(PrintableTest, LeavesATensorNameUnchanged) {
  const std::string name =
      "albert.encoder.albert_layer_groups.0.albert_layers.0.full_layer_layer_norm.weight";
  EXPECT_EQ(Printable(name), name);
  EXPECT_EQ(Printable(""), "");
}

TEST(PrintableTest, EscapesControlCharacters) {
  EXPECT_EQ(Printable("a\x1b[2J\r\n"), R"(a\x1b[2J\r\n)");
  EXPECT_EQ(Printable(std::string("\0z\x7f", 3)), R"(\x00z\x7f)");
  EXPECT_EQ(Printable("\xc2\x9b"), R"(\xc2\x9b)");  // an 8-bit control character (CSI) in UTF-8
}

TEST(PrintableTest, TruncatesALongName) {
  EXPECT_EQ(Printable(std::string(120, 'x')), std::string(120, 'x'));
  EXPECT_EQ(Printable(std::string(121, 'x')), std::string(120, 'x') + "…");
  EXPECT_EQ(Printable(std::string(121, '\x1b')).size(), 120 * 4 + 3);
}

}  // namespace
}  // namespace newsgenre
