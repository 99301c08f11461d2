#include "common/checkpoint/checkpoint.h"

#include <ATen/ops/equal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

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
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void ExpectSameTensors(const TensorMap& a, const TensorMap& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

TEST(CheckpointTest, LoadsWhatWasPublished) {
  const TempDir dir;
  for (const Head head : {Head::kCls, Head::kPooler}) {
    ASSERT_OK_AND_ASSIGN(Checkpoint written, TinyCheckpoint({std::string(HeadName(head)), head}));
    (*written.manifest.mutable_metrics())["test_accuracy"] = 0.25;
    (*written.manifest.mutable_recipe())["epochs"] = "3";
    ASSERT_OK_AND_ASSIGN(const std::string release, PublishCheckpoint(dir.path(), written));
    ASSERT_OK_AND_ASSIGN(const Checkpoint read, LoadCheckpoint(release));

    ExpectSameTensors(read.model.parameters(), written.model.parameters());
    EXPECT_EQ(read.model.head(), head);
    EXPECT_EQ(read.encoder.tokenizer().model_bytes(), written.encoder.tokenizer().model_bytes());
    EXPECT_EQ(read.encoder.cleaning(), kLatestCleaning);
    EXPECT_EQ(read.encoder.max_tokens(), 64);
    EXPECT_EQ(read.manifest.format_version(), 1);
    EXPECT_EQ(read.manifest.version(), HeadName(head));
    EXPECT_THAT(read.manifest.labels(), ElementsAreArray(TinyLabels()));
    EXPECT_EQ(read.manifest.head(), HeadName(head));
    EXPECT_EQ(read.manifest.metrics().at("test_accuracy"), 0.25);
    EXPECT_EQ(read.manifest.recipe().at("epochs"), "3");
    ASSERT_EQ(read.manifest.canaries_size(), 2);
    EXPECT_THAT(read.manifest.canaries(1).probabilities(),
                ElementsAreArray(written.manifest.canaries(1).probabilities()));
  }
}

TEST(CheckpointTest, PublishesFiveFilesThatHuggingFaceToolsKnow) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string cls, PublishTinyModel(dir.path(), {"cls", Head::kCls}));
  ASSERT_OK_AND_ASSIGN(const std::string pooler, PublishTinyModel(dir.path(), {"pooler", Head::kPooler}));
  EXPECT_THAT(NamesIn(cls), ElementsAre("config.json", "manifest.json", "model.safetensors", "spiece.model",
                                        "tokenizer_config.json"));
  EXPECT_EQ(Json::parse(EditableFolder(cls).Read("config.json"))["architectures"], Json({"AlbertModel"}));
  EXPECT_EQ(Json::parse(EditableFolder(pooler).Read("config.json"))["architectures"],
            Json({"AlbertForSequenceClassification"}));
  ASSERT_OK_AND_ASSIGN(const Safetensors file,
                       ParseSafetensors(EditableFolder(cls).Read("model.safetensors")));
  EXPECT_THAT(file.metadata, UnorderedElementsAre(Pair("format", "pt"), Pair("newsgenre", "manifest.json")));
}

TEST(CheckpointTest, PublishesTheSameBytesForTheSameModel) {
  const TempDir a;
  const TempDir b;
  ASSERT_OK_AND_ASSIGN(const std::string first, PublishTinyModel(a.path()));
  ASSERT_OK_AND_ASSIGN(const std::string second, PublishTinyModel(b.path()));
  for (const char* name : {"config.json", "model.safetensors", "spiece.model", "tokenizer_config.json"}) {
    EXPECT_EQ(EditableFolder(first).Read(name), EditableFolder(second).Read(name)) << name;
  }
}

TEST(CheckpointTest, CurrentNamesTheLastRelease) {
  const TempDir dir;
  ASSERT_THAT(PublishTinyModel(dir.path(), {"2026-01", Head::kCls, 1}), IsOk());
  ASSERT_THAT(PublishTinyModel(dir.path(), {"2026-02", Head::kCls, 2}), IsOk());
  EXPECT_THAT(NamesIn(dir.path()), ElementsAre("2026-01", "2026-02", "CURRENT"));
  ASSERT_OK_AND_ASSIGN(const std::string resolved, ResolveModelDir(dir.path()));
  EXPECT_EQ(resolved, dir.File("2026-02"));
  ASSERT_OK_AND_ASSIGN(const Checkpoint current, LoadCheckpoint(dir.path()));
  EXPECT_EQ(current.manifest.version(), "2026-02");
  ASSERT_OK_AND_ASSIGN(const Checkpoint earlier, LoadCheckpoint(dir.File("2026-01")));
  EXPECT_EQ(earlier.manifest.version(), "2026-01");
}

TEST(CheckpointTest, NeverOverwritesARelease) {
  const TempDir dir;
  ASSERT_THAT(PublishTinyModel(dir.path(), {"a", Head::kCls, 1}), IsOk());
  ASSERT_THAT(PublishTinyModel(dir.path(), {"b", Head::kCls, 1}), IsOk());
  const std::string before = EditableFolder(dir.File("a")).Read("model.safetensors");
  EXPECT_THAT(PublishTinyModel(dir.path(), {"a", Head::kCls, 2}),
              StatusIs(StatusCode::kAlreadyExists, HasSubstr(dir.File("a"))));
  EXPECT_EQ(EditableFolder(dir.File("a")).Read("model.safetensors"), before);
  EXPECT_EQ(EditableFolder(dir.path()).Read("CURRENT"), "b\n");
}

TEST(CheckpointTest, RemovesAReleaseThatCannotBeReadBack) {
  const TempDir dir;
  ASSERT_THAT(PublishTinyModel(dir.path(), {"good"}), IsOk());
  ASSERT_OK_AND_ASSIGN(const Checkpoint diverged, TinyCheckpoint({"diverged"}));
  diverged.model.parameters().at("classifier.bias").data_ptr<float>()[0] =
      std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(PublishCheckpoint(dir.path(), diverged),
              StatusIs(StatusCode::kDataLoss, HasSubstr("classifier.bias")));
  EXPECT_THAT(NamesIn(dir.path()), ElementsAre("CURRENT", "good"));
  EXPECT_EQ(EditableFolder(dir.path()).Read("CURRENT"), "good\n");
}

TEST(CheckpointTest, KeepsACompleteReleaseIfOnlyCurrentCannotBeWritten) {
  const TempDir dir;
  const EditableFolder obstacle(dir.File("CURRENT"));
  EXPECT_FALSE(PublishTinyModel(dir.path(), {"a"}).ok());
  EXPECT_THAT(LoadCheckpoint(dir.File("a")), IsOk());
}

// Limits the process to slightly more memory than it uses.
class MemoryLimit {
 public:
  MemoryLimit() {
    getrlimit(RLIMIT_AS, &before_);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit tight{pages * sysconf(_SC_PAGESIZE) + (rlim_t{64} << 20), before_.rlim_max};
    setrlimit(RLIMIT_AS, &tight);
  }
  ~MemoryLimit() { setrlimit(RLIMIT_AS, &before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(CheckpointTest, ReturnsResourceExhaustedIfTorchGetsNoMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer needs the address space";
#endif
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir.path()));
  EditableFolder(release).EditConfig([](Json& config) { config["hidden_size"] = 8192; });
  const MemoryLimit limit;
  EXPECT_THAT(LoadForTraining(release, Head::kPooler, TinyLabels(), 1),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr(release)));
}

TEST(CheckpointTest, RefusesVersionsThatAreNotReleaseNames) {
  const TempDir dir;
  for (const char* version : {"", "a/b", "..", "CURRENT", ".hidden"}) {
    EXPECT_THAT(
        PublishTinyModel(dir.path(), {version}),
        StatusIs(StatusCode::kInvalidArgument, HasSubstr("version \"" + std::string(version) + "\"")));
  }
  EXPECT_THAT(NamesIn(dir.path()), ElementsAre());
}

TEST(CheckpointTest, RefusesToWriteMoreLabelsThanTheHeadHas) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(Checkpoint checkpoint, TinyCheckpoint());
  checkpoint.manifest.clear_canaries();
  checkpoint.manifest.add_labels("Weather");
  EXPECT_THAT(WriteCheckpoint(dir.path(), checkpoint),
              StatusIs(StatusCode::kFailedPrecondition, AllOf(HasSubstr("5 labels"), HasSubstr("4 rows"))));
}

TEST(CheckpointTest, IgnoresUnknownManifestFieldsAndUnlistedFiles) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir.path()));
  const EditableFolder folder(release);
  folder.Write("README.md", "an operator's notes");
  folder.EditManifest([](Json& manifest) { manifest["a_later_field"] = {{"deep", {1, 2}}}; });
  EXPECT_THAT(LoadCheckpoint(release), IsOk());
}

TEST(ResolveModelDirTest, ReturnsNotFoundIfThereIsNoModel) {
  const TempDir dir;
  EXPECT_THAT(ResolveModelDir(dir.File("absent")), StatusIs(StatusCode::kNotFound, HasSubstr("absent")));
  EXPECT_THAT(LoadCheckpoint(dir.File("absent")), StatusIs(StatusCode::kNotFound, HasSubstr("absent")));
  EXPECT_THAT(ResolveModelDir(dir.path()), StatusIs(StatusCode::kNotFound, HasSubstr("holds no model")));
  EditableFolder(dir.path()).Write("file", "x");
  EXPECT_THAT(ResolveModelDir(dir.File("file")),
              StatusIs(StatusCode::kNotFound, HasSubstr("is not a folder")));
}

TEST(ResolveModelDirTest, RefusesACurrentThatNamesNoRelease) {
  const TempDir dir;
  ASSERT_THAT(PublishTinyModel(dir.path(), {"v1"}), IsOk());
  const EditableFolder folder(dir.path());
  folder.Write("CURRENT", "v2\n");
  EXPECT_THAT(
      ResolveModelDir(dir.path()),
      StatusIs(StatusCode::kDataLoss, HasSubstr("CURRENT names \"v2\", but this release does not exist")));
  for (const std::string name : {"v1/../v1", "/etc", "..", "", "v1 v2", "CURRENT"}) {
    folder.Write("CURRENT", name + "\n");
    EXPECT_THAT(
        ResolveModelDir(dir.path()),
        StatusIs(StatusCode::kDataLoss, HasSubstr("CURRENT names \"" + name + "\", which is not a valid")));
  }
  folder.Write("CURRENT", std::string(5000, 'a'));
  EXPECT_THAT(ResolveModelDir(dir.path()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("CURRENT has 5000 bytes")));
}

}  // namespace
}  // namespace newsgenre
