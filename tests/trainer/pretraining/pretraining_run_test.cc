#include "trainer/pretraining/pretraining_run.h"

#include <cmath>

#include "common/checkpoint/checkpoint.h"
#include "gmock/gmock.h"
#include "tests/support/tiny_model.h"
#include "tests/trainer/pretraining/pretraining_run_fixture.h"
#include "tests/trainer/run/memory_limit.h"
#include "trainer/finetuning/finetuning_run.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class PretrainingRunTest : public PretrainingRunFixture {};

TEST_F(PretrainingRunTest, Learns) {
  config_.text = {Write("text.txt", EasyText(400, 1))};
  config_.model.network.hidden_size = 64;
  config_.model.network.layers = 2;
  config_.model.network.heads = 4;
  config_.model.network.dropout = 0;
  config_.optimizer.epochs = 8;
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_LT(report.held_out->loss, std::log(44) / 2);
  EXPECT_GT(report.held_out->correct, report.held_out->predictions / 2);
  EXPECT_LT(report.steps.back().loss, report.steps.front().loss / 2);
}

TEST_F(PretrainingRunTest, Reports) {
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  ASSERT_TRUE(report.held_out.has_value());
  EXPECT_LT(report.held_out->loss, std::log(44));
  EXPECT_GT(report.held_out->predictions, 30);
  EXPECT_THAT(Names(), ElementsAre("config.json", "model.safetensors", "report.html", "report.json",
                                   "report.md", "spiece.model", "tensorboard", "tokenizer_config.json"));

  EXPECT_EQ(KindOf(report), "pre-training");
  EXPECT_EQ(report.release, folder());
  EXPECT_GE(report.training_rows + report.validation_rows, 150);  // pieces of paragraphs
  EXPECT_EQ(report.validation_rows, (report.training_rows + report.validation_rows) / 10);
  EXPECT_EQ(report.vocab_size, 44);
  EXPECT_EQ(report.device, "cpu");
  EXPECT_EQ(report.precision, "fp32");
  EXPECT_EQ(report.threads, 1);
  EXPECT_EQ(report.recipe.at("epochs"), "3");
  EXPECT_THAT(report.kernels, AllOf(StartsWith("products by "), HasSubstr(", attention by ")));
  EXPECT_GT(report.parameters, 44 * 16);
  EXPECT_GT(report.seconds, 0);
  EXPECT_EQ(report.lengths->max_tokens, 48);
  EXPECT_TRUE(report.epochs.empty());
  ASSERT_FALSE(report.steps.empty());
  EXPECT_GE(report.steps.back().step, 3 * report.training_rows / 16);  // at most 16 texts per step
  EXPECT_LT(report.steps.back().loss, report.steps.front().loss);
  ASSERT_OK_AND_ASSIGN(const std::string json, ReadFile(folder() + "/report.json"));
  EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json(ReportJson(report)));
  EXPECT_THAT(terminal_.str(), HasSubstr("vocabulary made  pieces 44"));
  EXPECT_THAT(terminal_.str(), HasSubstr("texts read  paragraphs 150  training "));
}

TEST_F(PretrainingRunTest, TheSameSeedGivesTheSameBytes) {
  ASSERT_OK_AND_ASSIGN(const Report first, Run());
  const std::string weights = Weights();
  config_.run.model_dir = dir_.File("again");
  ASSERT_OK_AND_ASSIGN(const Report again, Run());
  EXPECT_EQ(Weights(), weights);
  EXPECT_EQ(again.held_out->loss, first.held_out->loss);
  EXPECT_EQ(again.held_out->correct, first.held_out->correct);
  config_.run.model_dir = dir_.File("other");
  config_.run.seed = 2;
  ASSERT_THAT(Run(), IsOk());
  EXPECT_NE(Weights(), weights);
}

// The masked tokens of the held-out texts depend neither on the network nor on the micro-batch.
TEST_F(PretrainingRunTest, MicroBatchesReachTheSameLoss) {
  ASSERT_OK_AND_ASSIGN(const Report whole, Run());
  const std::string weights = Weights();
  config_.run.model_dir = dir_.File("pieces");
  config_.run.micro_batch_tokens = 64;
  ASSERT_OK_AND_ASSIGN(const Report pieces, Run());
  EXPECT_NE(Weights(), weights);
  EXPECT_EQ(pieces.held_out->predictions, whole.held_out->predictions);
  EXPECT_NEAR(pieces.held_out->loss, whole.held_out->loss, 0.1 * whole.held_out->loss);
}

TEST_F(PretrainingRunTest, EvaluatesInBatchesOfAtMostBatchTokens) {
  config_.data.validation_rows = 120;
  config_.optimizer.batch_tokens = 64;
  config_.optimizer.batch_texts = 1000;
  const MemoryLimit limit(128 << 10);  // less than the held-out texts' activations, more than all weights
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(PretrainingRunTest, TrainsOnTheTextsOfLabelledRows) {
  config_.data.train = NEWSGENRE_SOURCE_DIR "/deploy/sample/train.csv";
  config_.model.network.vocab_size = 200;
  config_.optimizer.epochs = 1;
  ASSERT_OK_AND_ASSIGN(const Report report, Run());
  EXPECT_GE(report.training_rows + report.validation_rows, 150 + 592);
  EXPECT_THAT(terminal_.str(), HasSubstr("texts read  paragraphs 742  "));

  config_.text = {};
  config_.run.model_dir = dir_.File("labelled");
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(terminal_.str(), HasSubstr("texts read  paragraphs 592  "));

  config_.run.model_dir = dir_.File("bad");
  config_.data.train = Write("bad.csv", "1,good,text\n9,bad,label\n");
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("bad.csv:2: label \"9\"")));
}

TEST_F(PretrainingRunTest, TrainingCanStartFromItsModel) {
  ASSERT_OK_AND_ASSIGN(const Report first, Run());
  config_.model.init_from = folder();
  config_.run.model_dir = dir_.File("further");
  config_.model.network = {};
  ASSERT_OK_AND_ASSIGN(const Report further, Run());
  EXPECT_EQ(further.vocab_size, 44);
  EXPECT_LT(further.steps.front().loss, first.steps.front().loss);
  EXPECT_LT(further.held_out->loss, first.held_out->loss);
  EXPECT_THAT(log_.str(), Not(HasSubstr("drawn anew")));
  EXPECT_THAT(terminal_.str(), HasSubstr("starting point loaded  pieces 44"));

  config_.model.init_from = folder();
  config_.run.model_dir = dir_.File("classifier");
  config_.data.train = NEWSGENRE_SOURCE_DIR "/deploy/sample/train.csv";
  config_.optimizer.epochs = 1;
  FinetuningConfig finetuning;
  finetuning.data = config_.data;
  finetuning.model = config_.model;
  finetuning.optimizer = config_.optimizer;
  finetuning.run = config_.run;
  ASSERT_THAT(RunFinetuning(finetuning, {stop_, &progress_}), IsOk());
  ASSERT_OK_AND_ASSIGN(const Checkpoint release, LoadCheckpoint(config_.run.model_dir));
  EXPECT_EQ(release.encoder.max_tokens(), 48);
  EXPECT_EQ(release.encoder.tokenizer().vocab_size(), 44);
}

TEST_F(PretrainingRunTest, RefusesAFolderWithAModel) {
  ASSERT_THAT(Run(), IsOk());
  const std::string weights = Weights();
  const std::vector<std::string> names = Names();
  for (const bool resume : {false, true}) {
    config_.run.resume = resume;
    EXPECT_THAT(Run(), StatusIs(StatusCode::kAlreadyExists, HasSubstr(folder() + " holds a model already")));
    EXPECT_EQ(Names(), names);
    EXPECT_EQ(Weights(), weights);
  }
  config_.run.model_dir = dir_.File("releases");  // CURRENT would hide the new model
  ASSERT_THAT(PublishTinyModel(folder()), IsOk());
  EXPECT_THAT(Run(), StatusIs(StatusCode::kAlreadyExists, HasSubstr(folder() + " holds a model already")));
  EXPECT_THAT(Names(), ElementsAre("CURRENT", "tiny-1"));
}

TEST_F(PretrainingRunTest, FailsOnTextThatCannotBeRead) {
  const struct {
    std::vector<std::string> text;
    StatusCode code;
    std::string message;
  } cases[] = {
      {{}, StatusCode::kInvalidArgument, "no files of text"},
      {{config_.text[0], dir_.File("absent.txt")}, StatusCode::kNotFound, "absent.txt"},
      {{dir_.path()}, StatusCode::kInvalidArgument, "is not a regular file"},
      {{Write("empty.txt", "\n \n")},
       StatusCode::kInvalidArgument,
       "no paragraph in " + dir_.File("empty.txt")},
      {{Write("text.gz", "\x1f\x8b\x08")}, StatusCode::kInvalidArgument, "text.gz is compressed by gzip"},
      {{Write("text.xz", std::string("\xfd"
                                     "7zXZ\0\0",
                                     7))},
       StatusCode::kDataLoss,
       "text.xz: the xz data"},
  };
  for (const auto& test : cases) {
    config_.text = test.text;
    EXPECT_THAT(Run(), StatusIs(test.code, HasSubstr(test.message)));
    EXPECT_THAT(Names(), ElementsAre("training-state"));
  }
}

TEST_F(PretrainingRunTest, FailsOnTooLittleText) {
  config_.model.network.vocab_size = 5000;
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("--vocab_size: ")));
  ASSERT_THAT(PublishTinyModel(dir_.File("start")), IsOk());
  config_.model.init_from = dir_.File("start");
  config_.model.network = {};
  config_.text = {Write("short.txt", "Too short.\n")};
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("none of 1 paragraphs has 8 tokens")));
  config_.text = {
      Write("one.txt", "One paragraph that is long enough to learn something from it, but alone.\n")};
  EXPECT_THAT(Run(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("leave none to train on")));
}

}  // namespace
}  // namespace newsgenre
