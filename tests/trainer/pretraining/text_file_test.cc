#include "trainer/pretraining/text_file.h"

#include <fstream>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/trainer/pretraining/xz_bytes.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

// Returns a text that takes several parts, both plain and compressed.
std::string LongText() {
  std::string text;
  uint32_t number = 1;
  while (text.size() < 300'000) {
    number = number * 1664525 + 1013904223;
    text += std::to_string(number) + "\n";
  }
  return text;
}

// Changes the dictionary size in the first block's header, and the header's CRC-32 accordingly.
std::string WithDictionary(std::string xz, char size) {
  constexpr size_t kHeader = 12, kDictionary = kHeader + 4;
  const size_t header_bytes = (static_cast<unsigned char>(xz[kHeader]) + size_t{1}) * 4 - 4;
  size_t at = kDictionary;
  // Optional sizes can precede the filter, which has the id 0x21 and a property of one byte.
  while (xz.compare(at - 2, 2, "\x21\x01") != 0) ++at;
  xz[at] = size;
  const uint32_t crc = lzma_crc32(reinterpret_cast<const uint8_t*>(&xz[kHeader]), header_bytes, 0);
  for (int i = 0; i < 4; ++i) xz[kHeader + header_bytes + i] = static_cast<char>(crc >> 8 * i);
  return xz;
}

class TextFileTest : public testing::Test {
 protected:
  absl::StatusOr<std::string> Read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    seen_.clear();
    auto file = TextFile::Open(path_, [this](std::string_view part) { seen_ += part; });
    if (!file.ok()) return file.status();
    EXPECT_EQ((*file)->size(), static_cast<int64_t>(bytes.size()));
    std::string text;
    for (;;) {
      const absl::StatusOr<std::string_view> part = (*file)->Next();
      if (!part.ok()) return part.status();
      EXPECT_EQ((*file)->bytes_read(), static_cast<int64_t>(seen_.size()));
      if (part->empty()) break;
      text += *part;
    }
    EXPECT_TRUE((*file)->Next()->empty());
    return text;
  }

  const TempDir dir_;
  const std::string path_ = dir_.File("text");
  std::string seen_;
};

TEST_F(TextFileTest, ReadsPlainTextAndXz) {
  const std::string long_text = LongText();
  for (const std::string& text : {std::string(), std::string("a"), std::string("\n\nab\r\n\0c", 8),
                                  std::string(65536, 'x'), std::string(131072, 'y'), long_text}) {
    ASSERT_OK_AND_ASSIGN(const std::string plain, Read(text));
    EXPECT_EQ(plain, text);
    EXPECT_EQ(seen_, text);
    const std::string xz = XzBytes(text);
    ASSERT_OK_AND_ASSIGN(const std::string unpacked, Read(xz));
    EXPECT_EQ(unpacked, text);
    EXPECT_EQ(seen_, xz);
  }
}

TEST_F(TextFileTest, JoinsSeveralStreamsAndSkipsPadding) {
  const std::string padding(8, '\0');
  ASSERT_OK_AND_ASSIGN(const std::string text,
                       Read(XzBytes("one ") + padding + XzBytes("") + XzBytes("two") + padding));
  EXPECT_EQ(text, "one two");
}

TEST_F(TextFileTest, ReturnsDataLossForTruncatedXz) {
  const std::string xz = XzBytes(LongText());
  ASSERT_GT(xz.size(), 2 * 65536u);
  for (const size_t size : {size_t{1}, size_t{5}, size_t{6}, size_t{11}, size_t{12}, size_t{20}, size_t{100},
                            size_t{65536}, xz.size() - 30, xz.size() - 1}) {
    EXPECT_THAT(Read(xz.substr(0, size)),
                StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr(path_ + ": the xz data end too early"),
                                                      HasSubstr("after " + std::to_string(size) + " bytes"))))
        << size;
  }
}

TEST_F(TextFileTest, ReturnsDataLossForCorruptXz) {
  const std::string xz = XzBytes(LongText());
  for (const size_t at : {size_t{7}, size_t{10}, size_t{13}, size_t{16}, size_t{30}, xz.size() / 2,
                          xz.size() - 20, xz.size() - 1}) {
    std::string broken = xz;
    broken[at] ^= 0x55;
    EXPECT_THAT(Read(broken), StatusIs(StatusCode::kDataLoss, HasSubstr(path_ + ": the xz data "))) << at;
  }
  EXPECT_THAT(Read(XzBytes("a") + "more"), StatusIs(StatusCode::kDataLoss, HasSubstr(path_)));
  EXPECT_THAT(Read(XzBytes("a") + std::string(3, '\0')),  // padding is a multiple of four
              StatusIs(StatusCode::kDataLoss, HasSubstr(path_)));
}

TEST_F(TextFileTest, LimitsTheMemoryForXz) {
  const std::string xz = XzBytes("a text");
  constexpr char k64MiB = 28, k4GiB = 40;
  ASSERT_OK_AND_ASSIGN(const std::string text, Read(WithDictionary(xz, k64MiB)));
  EXPECT_EQ(text, "a text");
  EXPECT_THAT(
      Read(WithDictionary(xz, k4GiB)),
      StatusIs(StatusCode::kResourceExhausted, AllOf(HasSubstr(path_ + ": decompression needs 4295"),
                                                     HasSubstr("bytes of memory; the limit is 268435456"))));
}

TEST_F(TextFileTest, RefusesGzipAndZstd) {
  EXPECT_THAT(Read("\x1F\x8B\x08 and so on"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr(path_ + " is compressed by gzip")));
  EXPECT_THAT(Read("\x28\xB5\x2F\xFD and so on"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr(path_ + " is compressed by zstd")));
  EXPECT_THAT(Read("(parentheses begin like zstd)"), IsOk());
  EXPECT_THAT(Read("("), IsOk());
}

TEST_F(TextFileTest, RefusesMissingAndIrregularFiles) {
  const auto ignore = [](std::string_view) {};
  EXPECT_THAT(TextFile::Open(dir_.File("none"), ignore).status(),
              StatusIs(StatusCode::kNotFound, HasSubstr(dir_.File("none"))));
  EXPECT_THAT(TextFile::Open(dir_.path(), ignore).status(),
              StatusIs(StatusCode::kInvalidArgument, dir_.path() + " is not a regular file"));
}

}  // namespace
}  // namespace newsgenre
