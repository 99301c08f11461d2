#include "common/inference/classifier.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/base/json_log.h"
#include "common/inference/canaries.h"
#include "common/inference/deviation.h"
#include "common/inference/predict.h"
#include "gmock/gmock.h"
#include "tests/common/checkpoint/editable_folder.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::Each;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const std::vector<std::string> kTexts = {
    "a",
    "The council voted for the bridge.",
    "Shares of the bakery rose after it opened a shop in every town along the coast, its owner said on "
    "Monday.",
    "1",
    "A probe found ice below the dust of the far plain; the team will drill there next spring, if the money "
    "comes.",
};

class ClassifierTest : public testing::Test {
 protected:
  void Publish(const TinyModelOptions& options) {
    ASSERT_OK_AND_ASSIGN(release_, PublishTinyModel(dir_.path(), options));
    ASSERT_OK_AND_ASSIGN(classifier_, Classifier::Load(dir_.path(), {"cpu", "fp32"}));
  }
  std::vector<Encoding> EncodeTexts() const {
    std::vector<Encoding> encodings;
    for (const std::string& text : kTexts) encodings.push_back(classifier_->encoder().Encode(text).value());
    return encodings;
  }

  const TempDir dir_;
  std::string release_;
  std::unique_ptr<Classifier> classifier_;
};

TEST_F(ClassifierTest, DescribesTheLoadedModel) {
  Publish({"v1"});
  EXPECT_EQ(classifier_->device(), "cpu");
  EXPECT_EQ(classifier_->manifest().version(), "v1");
  EXPECT_THAT(classifier_->manifest().labels(), ElementsAreArray(TinyLabels()));
  EXPECT_EQ(classifier_->encoder().max_tokens(), 64);
}

TEST_F(ClassifierTest, ProbabilitiesSumToOne) {
  for (const Head head : {Head::kCls, Head::kPooler}) {
    Publish({std::string(HeadName(head)), head});
    const std::vector<Encoding> encodings = EncodeTexts();
    for (const Encoding& encoding : encodings) {
      ASSERT_OK_AND_ASSIGN(const auto rows, classifier_->Predict({&encoding}));
      ASSERT_THAT(rows, ElementsAreArray({SizeIs(4)}));
      EXPECT_THAT(rows[0], Each(AllOf(testing::Ge(0.0f), testing::Le(1.0f))));
      EXPECT_NEAR(std::accumulate(rows[0].begin(), rows[0].end(), 0.0), 1.0, 1e-6);
    }
  }
}

TEST_F(ClassifierTest, ProbabilitiesDoNotDependOnTheRestOfTheBatch) {
  for (const Head head : {Head::kCls, Head::kPooler}) {
    Publish({std::string(HeadName(head)), head});
    const std::vector<Encoding> encodings = EncodeTexts();
    std::vector<const Encoding*> mixed;
    for (const Encoding& encoding : encodings) mixed.push_back(&encoding);
    mixed.insert(mixed.end(), {&encodings[2], &encodings[0], &encodings[2]});
    ASSERT_OK_AND_ASSIGN(const auto together, classifier_->Predict(mixed));
    ASSERT_THAT(together, SizeIs(mixed.size()));
    for (size_t text = 0; text < mixed.size(); ++text) {
      ASSERT_OK_AND_ASSIGN(const auto alone, classifier_->Predict({mixed[text]}));
      for (size_t label = 0; label < 4; ++label) {
        EXPECT_NEAR(together[text][label], alone[0][label], 1e-6) << "text " << text << " label " << label;
      }
    }
  }
}

TEST_F(ClassifierTest, DifferentTextsGetDifferentProbabilities) {
  Publish({});
  const std::vector<Encoding> encodings = EncodeTexts();
  ASSERT_OK_AND_ASSIGN(const auto rows, classifier_->Predict({&encodings[1], &encodings[2]}));
  EXPECT_GT(std::abs(rows[0][0] - rows[1][0]), 1e-3);
}

TEST_F(ClassifierTest, ThreadsGetTheSameProbabilities) {
  Publish({});
  const std::vector<Encoding> encodings = EncodeTexts();
  ASSERT_OK_AND_ASSIGN(const auto expected, classifier_->Predict({&encodings[4]}));
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto rows = classifier_->Predict({&encodings[4]});
      ASSERT_THAT(rows, IsOk());
      for (size_t label = 0; label < 4; ++label) EXPECT_NEAR((*rows)[0][label], expected[0][label], 1e-6);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ClassifierTest, RefusesACanaryThatDeviates) {
  Publish({});
  const EditableFolder folder(release_);
  Json canaries;
  folder.EditManifest([&](Json& manifest) {
    canaries = manifest["canaries"];
    manifest["canaries"][1]["probabilities"][2] = canaries[1]["probabilities"][2].get<float>() + 9e-4f;
  });
  EXPECT_THAT(Classifier::Load(release_, {"cpu", "fp32"}), IsOk());

  const float recorded = canaries[1]["probabilities"][2].get<float>();
  folder.EditManifest(
      [&](Json& manifest) { manifest["canaries"][1]["probabilities"][2] = recorded + 1.1e-3f; });
  EXPECT_THAT(Classifier::Load(release_, {"cpu", "fp32"}),
              StatusIs(StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(release_), HasSubstr("canary 1: Business"),
                             HasSubstr("probability " + std::to_string(recorded)),
                             HasSubstr("the manifest says " + std::to_string(recorded + 1.1e-3f)))));

  folder.EditManifest([&](Json& manifest) {
    manifest["canaries"] = canaries;
    manifest["canaries"][0]["probabilities"][0] = "NaN";
  });
  EXPECT_THAT(Classifier::Load(release_, {"cpu", "fp32"}),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("canary 0: World")));
}

TEST_F(ClassifierTest, EveryCpuPrecisionStaysWithinToleranceOfThePlainPath) {
  Publish({});
  const std::vector<Encoding> encodings = EncodeTexts();
  ClassifierOptions options{"cpu", "fp32"};
  options.path = ServingPath::kPlain;
  ASSERT_OK_AND_ASSIGN(const auto plain, Classifier::Load(release_, options));
  EXPECT_THAT(plain->kernels(), testing::IsEmpty());
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kInt8}) {
    ASSERT_OK_AND_ASSIGN(const auto fast,
                         Classifier::Load(release_, {"cpu", std::string(PrecisionName(precision))}));
    EXPECT_EQ(fast->precision(), precision);
    EXPECT_THAT(fast->kernels(), Not(testing::IsEmpty()));
    for (const Encoding& encoding : encodings) {
      ASSERT_OK_AND_ASSIGN(const auto rows, fast->Predict({&encoding}));
      ASSERT_OK_AND_ASSIGN(const auto expected, plain->Predict({&encoding}));
      EXPECT_LE(LargestDeviation(rows, expected), Tolerance(precision));
    }
  }
}

TEST_F(ClassifierTest, LoadsADeviatingModelIfTheCheckIsOff) {
  Publish({});
  EditableFolder(release_).EditManifest([](Json& manifest) {
    manifest["canaries"][0]["probabilities"] = {1, 0, 0, 0};
  });
  ClassifierOptions options{"cpu", "fp32"};
  EXPECT_THAT(Classifier::Load(release_, options),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("canary 0")));
  options.check = false;
  EXPECT_THAT(Classifier::Load(release_, options), IsOk());
}

TEST_F(ClassifierTest, LogsTheChosenPath) {
  Publish({});
  std::ostringstream log;
  SetLogStream(&log);
  const auto loaded = Classifier::Load(release_, {"cpu", "int8"});
  SetLogStream(nullptr);
  ASSERT_THAT(loaded, IsOk());
  const auto line = nlohmann::json::parse(log.str().substr(log.str().rfind("{\"time")));
  EXPECT_EQ(line["message"], "engine");
  EXPECT_EQ(line["device"], "cpu");
  EXPECT_EQ(line["path"], "engine");
  EXPECT_EQ(line["precision"], "int8");
  EXPECT_LE(line["deviation"], Tolerance(Precision::kInt8));
  ASSERT_THAT(line["kernels"], Not(testing::IsEmpty()));
  EXPECT_TRUE(line["kernels"][0].contains("linear"));
}

TEST_F(ClassifierTest, UsesGivenKernelsWithoutTimingThem) {
  Publish({});
  ClassifierOptions options{"cpu", "fp32"};
  for (KernelChoice choice : classifier_->kernels()) {
    // Rates that no measurement returns.
    choice.kernel = "at::linear fp32";
    choice.small_gflops = -1;
    choice.large_gflops = -2;
    options.kernels.push_back(choice);
  }
  std::ostringstream log;
  SetLogStream(&log);
  const auto loaded = Classifier::Load(release_, options);
  SetLogStream(nullptr);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT((*loaded)->kernels(), SizeIs(7));
  for (const KernelChoice& choice : (*loaded)->kernels()) {
    EXPECT_EQ(choice.kernel, "at::linear fp32") << choice.linear;
    EXPECT_EQ(choice.small_gflops, -1) << choice.linear;
    EXPECT_EQ(choice.large_gflops, -2) << choice.linear;
  }
  EXPECT_THAT(log.str(), HasSubstr(R"({"linear":"qkv","kernel":"at::linear fp32","gflops_small":-1.0)"));
}

TEST_F(ClassifierTest, LoadingDoesNotChangeTheNumberOfThreads) {
  const int threads = at::get_num_threads();
  for (const int changed : {1, 2, 3}) {
    at::set_num_threads(changed);
    Publish({"v" + std::to_string(changed)});
    EXPECT_EQ(at::get_num_threads(), changed);
  }
  at::set_num_threads(threads);
}

TEST_F(ClassifierTest, RefusesACanaryWithoutText) {
  Publish({});
  EditableFolder(release_).EditManifest([](Json& manifest) { manifest["canaries"][0]["text"] = "  "; });
  EXPECT_THAT(Classifier::Load(release_, {"cpu", "fp32"}),
              StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr(release_), HasSubstr("canary 0"))));
}

TEST_F(ClassifierTest, LoadsAModelWithoutCanaries) {
  Publish({});
  EditableFolder(release_).EditManifest([](Json& manifest) { manifest.erase("canaries"); });
  EXPECT_THAT(Classifier::Load(release_, {"auto", "fp32"}), IsOk());
}

TEST_F(ClassifierTest, NamesAMissingFolderAndAnUnknownDevice) {
  EXPECT_THAT(Classifier::Load(dir_.File("absent"), {"cpu", "fp32"}),
              StatusIs(StatusCode::kNotFound, HasSubstr("absent")));
  Publish({});
  EXPECT_THAT(Classifier::Load(release_, {"tpu", "fp32"}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("tpu")));
}

TEST(RecordCanariesTest, NamesAnEmptyText) {
  ASSERT_OK_AND_ASSIGN(Checkpoint checkpoint, TinyCheckpoint());
  EXPECT_THAT(RecordCanaries({"one", " "}, &checkpoint),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("canary 1")));
}

}  // namespace
}  // namespace newsgenre
