#include "server/client/table.h"

#include <string>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

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

TEST(RenderTableTest, ShowsLabelsInTheirOrderAndMarksTheTopOne) {
  EXPECT_EQ(RenderTable("Cup final tonight", Response()),
            "\"Cup final tonight\"\n"
            "  World      20.0 %  ████████\n"
            "→ Sports     75.0 %  ██████████████████████████████\n"
            "  Büro        5.0 %  ██\n"
            "  Sci/Tech    0.0 %\n"
            "  12 tokens, model r7\n");
}

TEST(RenderTableTest, SaysThatATextWasTruncated) {
  v1::ClassifyResponse response = Response();
  response.set_truncated(true);
  EXPECT_THAT(RenderTable("x", response),
              HasSubstr("12 tokens (the text is longer; its end was not read), model r7"));
}

TEST(RenderTableTest, ALongTextIsShortened) {
  EXPECT_THAT(RenderTable(std::string(200, 'x'), Response()),
              HasSubstr("\"" + std::string(75, 'x') + "…\"\n"));
}

TEST(RenderFailureTest, SaysWhy) {
  EXPECT_EQ(RenderFailure("x", absl::InvalidArgumentError("text is empty")),
            "\"x\"\n  INVALID_ARGUMENT: text is empty\n");
}

TEST(RenderModelTest, ShowsWhatTheServerTells) {
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
            "limits     65536 bytes a text, 512 tokens read of it, 256 texts a batch\n"
            "metric     test_accuracy 0.9132\n"
            "metric     validation_accuracy 0.925\n");
}

}  // namespace
}  // namespace newsgenre
