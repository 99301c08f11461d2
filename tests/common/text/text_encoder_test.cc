#include "common/text/text_encoder.h"

#include <string>

#include "common/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using ::testing::HasSubstr;

TextEncoder Encoder(CleaningVersion cleaning, int max_tokens = 64) {
  const std::string model = *ReadFile(NEWSGENRE_SOURCE_DIR "/tests/golden/tiny.spiece.model");
  return TextEncoder(*Tokenizer::FromBytes(model), cleaning, max_tokens);
}

TEST(TextEncoderTest, AppliesItsCleaningVersion) {
  const TextEncoder cleaning = Encoder(CleaningVersion::kV1);
  const TextEncoder plain = Encoder(CleaningVersion::kNone);
  ASSERT_OK_AND_ASSIGN(const Encoding cleaned, cleaning.Encode("Odette #39;s &lt;b&gt;kite&lt;/b&gt;"));
  ASSERT_OK_AND_ASSIGN(const Encoding expected, plain.Encode("Odette's kite"));
  ASSERT_OK_AND_ASSIGN(const Encoding raw, plain.Encode("Odette #39;s &lt;b&gt;kite&lt;/b&gt;"));
  EXPECT_EQ(cleaned.ids, expected.ids);
  EXPECT_NE(raw.ids, expected.ids);
}

TEST(TextEncoderTest, TruncatesAtTheLimit) {
  ASSERT_OK_AND_ASSIGN(const Encoding encoding,
                       Encoder(CleaningVersion::kV1, 5).Encode("one two three four five"));
  EXPECT_EQ(encoding.ids.size(), 5u);
  EXPECT_TRUE(encoding.truncated);
}

TEST(TextEncoderTest, AppliesAChangedLimit) {
  TextEncoder encoder = Encoder(CleaningVersion::kV1, 64);
  encoder.set_max_tokens(5);
  EXPECT_EQ(encoder.max_tokens(), 5);
  ASSERT_OK_AND_ASSIGN(const Encoding encoding, encoder.Encode("one two three four five"));
  EXPECT_EQ(encoding.ids.size(), 5u);
}

TEST(TextEncoderTest, RefusesATextThatIsEmptyAfterCleaning) {
  for (const CleaningVersion version : {CleaningVersion::kNone, CleaningVersion::kV1}) {
    for (const std::string text : {"", " \n\t", "\u00a0\u3000", "\u200b\u0301"}) {
      EXPECT_THAT(Encoder(version).Encode(text),
                  StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty after cleaning")));
    }
  }
  EXPECT_THAT(Encoder(CleaningVersion::kV1).Encode("<br>&nbsp;\\"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty")));
  EXPECT_THAT(Encoder(CleaningVersion::kNone).Encode("<br>&nbsp;\\"), IsOk());
}

}  // namespace
}  // namespace newsgenre
