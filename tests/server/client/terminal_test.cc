#include "server/client/terminal.h"

#include <sstream>
#include <string>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(BarTest, DrawsEighthsOfAColumn) {
  EXPECT_EQ(Bar(0.0, 4), "");
  EXPECT_EQ(Bar(1.0, 4), "████");
  EXPECT_EQ(Bar(0.5, 4), "██");
  EXPECT_EQ(Bar(0.5, 1), "▌");
  EXPECT_EQ(Bar(9.0 / 32, 4), "█▏");
  EXPECT_EQ(Bar(31.0 / 32, 4), "███▉");
}

TEST(BarTest, ClampsTheFraction) {
  EXPECT_EQ(Bar(-0.5, 4), "");
  EXPECT_EQ(Bar(1.5, 4), "████");
}

TEST(ColumnsTest, CountsCodePoints) {
  EXPECT_EQ(Columns(""), 0u);
  EXPECT_EQ(Columns("Sports"), 6u);
  EXPECT_EQ(Columns("Économie"), 8u);
  EXPECT_EQ(Columns("█▏"), 2u);
}

TEST(PadToTest, AppendsSpaces) {
  EXPECT_EQ(PadTo("é", 3), "é  ");
  EXPECT_EQ(PadTo("abc", 3), "abc");
  EXPECT_EQ(PadTo("abcd", 3), "abcd");
}

TEST(ShortenTest, CutsAtCodePoints) {
  EXPECT_EQ(Shorten("éèê", 3), "éèê");
  EXPECT_EQ(Shorten("éèêë", 3), "éè…");
  EXPECT_EQ(Shorten("", 3), "");
}

TEST(ShortenTest, ReplacesControlCharacters) { EXPECT_EQ(Shorten("a\nb\x1b[2J\x7f", 20), "a b [2J "); }

v1::ClassifyResponse Response() {
  v1::ClassifyResponse response;
  const auto add = [&](const char* label, float probability) {
    response.add_probabilities()->set_label(label);
    response.mutable_probabilities()->rbegin()->set_probability(probability);
  };
  add("World", 0.2f);
  add("Sports", 0.75f);
  add("Büro", 0.05f);
  add("Sci/Tech", 0.0f);
  response.set_label("Sports");
  response.set_model_version("r7");
  response.set_token_count(12);
  return response;
}

TEST(RenderTableTest, ListsLabelsInModelOrderAndMarksTheTopLabel) {
  EXPECT_EQ(RenderTable("Cup final tonight", Response()),
            "\"Cup final tonight\"\n"
            "  World      20.0 %  ████████\n"
            "→ Sports     75.0 %  ██████████████████████████████\n"
            "  Büro        5.0 %  ██\n"
            "  Sci/Tech    0.0 %\n"
            "  12 tokens, model r7\n");
}

TEST(RenderTableTest, ReportsATruncatedText) {
  v1::ClassifyResponse response = Response();
  response.set_truncated(true);
  EXPECT_THAT(RenderTable("x", response),
              HasSubstr("12 tokens (the text is longer; its end was not read), model r7"));
}

TEST(RenderTableTest, ShortensALongText) {
  EXPECT_THAT(RenderTable(std::string(200, 'x'), Response()),
              HasSubstr("\"" + std::string(75, 'x') + "…\"\n"));
}

TEST(RenderFailureTest, ShowsTheError) {
  EXPECT_EQ(RenderFailure("x", absl::InvalidArgumentError("text is empty")),
            "\"x\"\n  INVALID_ARGUMENT: text is empty\n");
}

TEST(RenderModelTest, ListsTheModelsProperties) {
  v1::GetModelResponse model;
  model.set_version("r7");
  model.add_labels("World");
  model.add_labels("Sports");
  model.set_device("cpu");
  model.set_precision("fp32");
  model.mutable_limits()->set_max_text_bytes(65536);
  model.mutable_limits()->set_max_batch_texts(256);
  model.mutable_limits()->set_max_tokens(512);
  (*model.mutable_metrics())["validation_accuracy"] = 0.925;
  (*model.mutable_metrics())["test_accuracy"] = 0.91315789;
  EXPECT_EQ(RenderModel(model),
            "version    r7\n"
            "labels     World, Sports\n"
            "runs on    cpu, fp32\n"
            "limits     65536 bytes per text, 512 tokens read of each, 256 texts per batch\n"
            "metric     test_accuracy 0.9132\n"
            "metric     validation_accuracy 0.925\n");
}

TEST(RenderProgressTest, ShowsCountAndRate) {
  EXPECT_EQ(RenderProgress(50, 100, 2.0), "[███████████████               ] 50 of 100 texts, 25 per second");
  EXPECT_EQ(RenderProgress(0, 100, 0.0), "[                              ] 0 of 100 texts");
  EXPECT_EQ(RenderProgress(0, 0, 0.0), "[██████████████████████████████] 0 of 0 texts");
}

TEST(ProgressBarTest, EndsTheLineAfterTheLastText) {
  std::ostringstream out;
  ProgressBar bar(&out, 2);
  bar.Advance();
  EXPECT_THAT(out.str(), HasSubstr("\r["));
  bar.Advance();
  EXPECT_THAT(out.str(), HasSubstr("2 of 2 texts"));
  EXPECT_THAT(out.str(), EndsWith("\n"));
}

TEST(ProgressBarTest, LimitsTheRedrawRate) {
  std::ostringstream out;
  ProgressBar bar(&out, 1000000);
  for (int i = 0; i < 100; ++i) bar.Advance();
  EXPECT_LT(out.str().size(), 100 * RenderProgress(1, 1000000, 1).size());
}

TEST(ProgressBarTest, DrawsNothingWithoutATerminal) {
  ProgressBar bar(nullptr, 1);
  bar.Advance();
}

}  // namespace
}  // namespace newsgenre
