#include "common/model/albert_config.h"

#include <string>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseAlbertConfigTest, ReadsTheFieldsOfAlbertBaseV1) {
  ASSERT_OK_AND_ASSIGN(const AlbertConfig config, ParseAlbertConfig(R"({
    "architectures": ["AlbertForMaskedLM"], "model_type": "albert", "down_scale_factor": 1, "gap_size": 0,
    "attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1, "embedding_size": 128, "hidden_act": "gelu",
    "hidden_size": 768, "initializer_range": 0.02, "inner_group_num": 1, "intermediate_size": 3072,
    "layer_norm_eps": 1e-12, "max_position_embeddings": 512, "net_structure_type": 0, "num_attention_heads": 12,
    "num_hidden_groups": 1, "num_hidden_layers": 12, "num_memory_blocks": 0, "type_vocab_size": 2,
    "vocab_size": 30000})"));
  EXPECT_EQ(config.vocab_size, 30000);
  EXPECT_EQ(config.embedding_size, 128);
  EXPECT_EQ(config.hidden_size, 768);
  EXPECT_EQ(config.num_hidden_layers, 12);
  EXPECT_EQ(config.num_attention_heads, 12);
  EXPECT_EQ(config.intermediate_size, 3072);
  EXPECT_EQ(config.max_position_embeddings, 512);
  EXPECT_EQ(config.type_vocab_size, 2);
  EXPECT_EQ(config.hidden_act, Activation::kGelu);
  EXPECT_EQ(config.layer_norm_eps, 1e-12);
  EXPECT_EQ(config.hidden_dropout_prob, 0.1);
  EXPECT_EQ(config.attention_probs_dropout_prob, 0.1);
  EXPECT_EQ(config.classifier_dropout_prob, 0.1);
  EXPECT_EQ(config.initializer_range, 0.02);
}

TEST(ParseAlbertConfigTest, MissingAndNullFieldsHaveTransformersDefaults) {
  ASSERT_OK_AND_ASSIGN(const AlbertConfig config, ParseAlbertConfig(R"({"classifier_dropout_prob": null})"));
  EXPECT_EQ(config.hidden_size, 4096);
  EXPECT_EQ(config.num_attention_heads, 64);
  EXPECT_EQ(config.intermediate_size, 16384);
  EXPECT_EQ(config.hidden_act, Activation::kGeluNew);
  EXPECT_EQ(config.hidden_dropout_prob, 0.0);
  EXPECT_EQ(config.attention_probs_dropout_prob, 0.0);
  EXPECT_EQ(config.classifier_dropout_prob, 0.1);
}

TEST(ParseAlbertConfigTest, NamesTheFieldTheValueAndTheAllowedValues) {
  const struct {
    const char* json;
    const char* message;
  } kCases[] = {
      {R"({"model_type": "bert"})", R"(model_type is "bert"; allowed: "albert")"},
      {R"({"hidden_act": "relu"})", R"(hidden_act is "relu"; allowed: "gelu", "gelu_new")"},
      {R"({"hidden_act": 7})", R"(hidden_act is 7; allowed: "gelu", "gelu_new")"},
      {R"({"num_hidden_groups": 2})", "num_hidden_groups is 2; allowed: 1"},
      {R"({"inner_group_num": 3})", "inner_group_num is 3; allowed: 1"},
      {R"({"position_embedding_type": "relative_key"})",
       R"(position_embedding_type is "relative_key"; allowed: "absolute")"},
      {R"({"vocab_size": 0})", "vocab_size is 0; allowed: an integer from 1 to 10000000"},
      {R"({"vocab_size": 10000001})", "vocab_size is 10000001; allowed: an integer from 1 to"},
      {R"({"vocab_size": -5})", "vocab_size is -5"},
      {R"({"hidden_size": 768.0})", "hidden_size is 768.0; allowed: an integer"},
      {R"({"hidden_size": "768"})", R"(hidden_size is "768"; allowed: an integer)"},
      {R"({"hidden_size": true})", "hidden_size is true; allowed: an integer"},
      {R"({"hidden_size": [768]})", "hidden_size is an array; allowed: an integer"},
      {R"({"hidden_size": 4294967296})", "hidden_size is 4294967296; allowed: an integer"},
      {R"({"hidden_size": 18446744073709551615})", "hidden_size is 18446744073709551615; allowed"},
      {R"({"hidden_size": 18446744073709551616})", "hidden_size is 1.8446744073709552e+19; allowed"},
      {R"({"hidden_size": 770})", "hidden_size is 770; allowed: a multiple of num_attention_heads, 64"},
      {R"({"hidden_dropout_prob": 1.5})", "hidden_dropout_prob is 1.5; allowed: a number from 0 to 1"},
      {R"({"layer_norm_eps": "tiny"})", R"(layer_norm_eps is "tiny"; allowed: a number from 0 to 1)"},
      {R"({"layer_norm_eps": -1e-12})", "layer_norm_eps is -1e-12; allowed: a number from 0 to 1"},
      {R"([1, 2])", "not a JSON object"},
      {R"({"vocab_size": )", "not a JSON object"},
      {R"({"vocab_size": 1, "vocab_size": 2})", "duplicate name vocab_size"},
      {"", "not a JSON object"},
  };
  for (const auto& test_case : kCases) {
    EXPECT_THAT(ParseAlbertConfig(test_case.json),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(test_case.message)))
        << test_case.json;
  }
}

TEST(ParseAlbertConfigTest, RefusesHostileInputWithAShortMessage) {
  const std::string deep(1000000, '[');
  const std::string deep_field = "{\"vocab_size\":" + deep;
  const std::string closed =
      "{\"vocab_size\":" + std::string(400000, '[') + std::string(400000, ']') + ",\"hidden_size\":1}";
  for (const std::string& json : {deep, deep_field, closed}) {
    EXPECT_THAT(ParseAlbertConfig(json),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("nested deeper than 32 levels")));
  }
  EXPECT_THAT(ParseAlbertConfig("{\"hidden_act\": \"\xff\xfe\"}"),
              StatusIs(StatusCode::kInvalidArgument, testing::_));
  const std::string long_value = R"({"hidden_act": ")" + std::string(100000, 'x') + "\"}";
  EXPECT_LT(ParseAlbertConfig(long_value).status().message().size(), 200u);
  EXPECT_THAT(ParseAlbertConfig(std::string((1 << 20) + 1, ' ')),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("1048577 bytes; the limit is 1048576 bytes")));
}

TEST(AlbertConfigTest, ValidateAcceptsTheDefaultsAndNamesABadField) {
  EXPECT_THAT(AlbertConfig{}.Validate(), IsOk());
  AlbertConfig config;
  config.num_attention_heads = 0;
  EXPECT_THAT(config.Validate(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("num_attention_heads is 0")));
}

TEST(AlbertConfigTest, ValidateRefusesTooManyWeights) {
  AlbertConfig config;
  config.hidden_size = 65536;
  config.num_attention_heads = 64;
  config.intermediate_size = 1048576;
  EXPECT_THAT(config.Validate(), StatusIs(StatusCode::kInvalidArgument,
                                          AllOf(HasSubstr("hidden_size 65536 and intermediate_size 1048576"),
                                                HasSubstr("make 158926"), HasSubstr("limit is 1000000000"))));
  config = AlbertConfig{};
  config.vocab_size = 10'000'000;
  EXPECT_THAT(config.Validate(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("vocab_size 10000000, embedding_size 128")));
  config.embedding_size = 64;
  EXPECT_THAT(config.Validate(), IsOk());
}

TEST(AlbertConfigTest, ParsesItsOwnJson) {
  AlbertConfig config;
  config.vocab_size = 8000;
  config.hidden_size = 256;
  config.num_attention_heads = 4;
  config.hidden_act = Activation::kGeluNew;
  config.hidden_dropout_prob = 0.1;
  config.classifier_dropout_prob = 0.25;
  const std::string json = AlbertConfigJson(config, Head::kPooler, {"World", "Sports"});
  ASSERT_OK_AND_ASSIGN(const AlbertConfig read, ParseAlbertConfig(json));
  EXPECT_EQ(AlbertConfigJson(read, Head::kPooler, {"World", "Sports"}), json);
  EXPECT_EQ(read.vocab_size, 8000);
  EXPECT_EQ(read.hidden_act, Activation::kGeluNew);
  EXPECT_EQ(read.classifier_dropout_prob, 0.25);

  const auto object = nlohmann::json::parse(json);
  EXPECT_EQ(object["model_type"], "albert");
  EXPECT_THAT(object["architectures"], ElementsAre("AlbertForSequenceClassification"));
  EXPECT_EQ(object["id2label"]["1"], "Sports");
  EXPECT_EQ(object["label2id"]["Sports"], 1);
  EXPECT_THAT(nlohmann::json::parse(AlbertConfigJson(config, Head::kCls, {"a"}))["architectures"],
              ElementsAre("AlbertModel"));
}

TEST(AlbertConfigJsonTest, AMaskedLanguageModelHasNoLabels) {
  AlbertConfig config;
  config.vocab_size = 8000;
  const std::string json = AlbertConfigJson(config, Head::kMaskedLm, {});
  ASSERT_OK_AND_ASSIGN(const AlbertConfig read, ParseAlbertConfig(json));
  EXPECT_EQ(AlbertConfigJson(read, Head::kMaskedLm, {}), json);
  const auto object = nlohmann::json::parse(json);
  EXPECT_THAT(object["architectures"], ElementsAre("AlbertForMaskedLM"));
  for (const char* name : {"id2label", "label2id", "problem_type"}) {
    EXPECT_FALSE(object.contains(name)) << name;
  }
}

TEST(HeadTest, ParseHeadRefusesTheMaskedLanguageModel) {
  EXPECT_EQ(HeadName(Head::kMaskedLm), "masked_lm");
  EXPECT_THAT(ParseHead("masked_lm"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("head is 'masked_lm'")));
}

TEST(HeadTest, ParsesItsOwnNames) {
  for (const Head head : {Head::kCls, Head::kPooler}) {
    ASSERT_OK_AND_ASSIGN(const Head read, ParseHead(HeadName(head)));
    EXPECT_EQ(read, head);
  }
  EXPECT_THAT(ParseHead("lm"), StatusIs(StatusCode::kInvalidArgument, "head is 'lm'; allowed: cls, pooler"));
}

}  // namespace
}  // namespace newsgenre
