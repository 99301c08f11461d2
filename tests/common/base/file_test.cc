#include "common/base/file.h"

#include <filesystem>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ReadFileTest, ReturnsTheWrittenBytes) {
  const TempDir dir;
  const std::string bytes("a\0b\n", 4);
  ASSERT_THAT(WriteFileAtomic(dir.File("f"), bytes), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadFile(dir.File("f")));
  EXPECT_EQ(read, bytes);
}

TEST(ReadFileTest, NamesAMissingFile) {
  const TempDir dir;
  EXPECT_THAT(ReadFile(dir.File("absent")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
}

TEST(ReadFileTest, RefusesAFolder) {
  const TempDir dir;
  EXPECT_THAT(ReadFile(dir.path()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("regular file")));
}

TEST(ReadFileTest, RefusesAFileAboveTheLimit) {
  const TempDir dir;
  ASSERT_THAT(WriteFileAtomic(dir.File("f"), "12345"), IsOk());
  EXPECT_THAT(ReadFile(dir.File("f"), 4), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("5 bytes")));
}

TEST(WriteFileAtomicTest, ReplacesTheFileAndLeavesNoTemporaryFile) {
  const TempDir dir;
  ASSERT_THAT(WriteFileAtomic(dir.File("f"), "old and longer"), IsOk());
  ASSERT_THAT(WriteFileAtomic(dir.File("f"), "new"), IsOk());
  EXPECT_EQ(*ReadFile(dir.File("f")), "new");
  const std::filesystem::directory_iterator entries(dir.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST(WriteFileAtomicTest, NamesAMissingFolder) {
  const TempDir dir;
  EXPECT_THAT(WriteFileAtomic(dir.File("no/f"), "x"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/f")));
}

TEST(MakeFolderTest, CreatesMissingParents) {
  const TempDir dir;
  ASSERT_THAT(MakeFolder(dir.File("a/b")), IsOk());
  EXPECT_THAT(MakeFolder(dir.File("a/b")), IsOk());
  EXPECT_TRUE(std::filesystem::is_directory(dir.File("a/b")));
  ASSERT_THAT(WriteFileAtomic(dir.File("f"), "x"), IsOk());
  for (const char* name : {"f", "f/below"}) {
    EXPECT_THAT(MakeFolder(dir.File(name)), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                     HasSubstr("can't make the folder " + dir.File(name))));
  }
}

TEST(ListFolderTest, ReturnsSortedNames) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> none, ListFolder(dir.path()));
  EXPECT_THAT(none, IsEmpty());
  for (const char* name : {"b", ".c", "a"}) ASSERT_THAT(WriteFileAtomic(dir.File(name), "x"), IsOk());
  ASSERT_THAT(MakeFolder(dir.File("d/e")), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, ListFolder(dir.path()));
  EXPECT_THAT(names, ElementsAre(".c", "a", "b", "d"));
}

TEST(ListFolderTest, NamesAMissingFolder) {
  const TempDir dir;
  EXPECT_THAT(ListFolder(dir.File("no")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("can't list " + dir.File("no"))));
}

TEST(PublishFolderTest, PublishesACompleteFolder) {
  const TempDir dir;
  ASSERT_THAT(PublishFolder(dir.File("release"),
                            [&](const std::string& folder) {
                              EXPECT_FALSE(std::filesystem::exists(dir.File("release")));
                              return WriteFileAtomic(folder + "/f", "x");
                            }),
              IsOk());
  EXPECT_EQ(*ReadFile(dir.File("release/f")), "x");
}

TEST(PublishFolderTest, RefusesAnExistingFolder) {
  const TempDir dir;
  const auto fill = [](const std::string& folder) { return WriteFileAtomic(folder + "/f", "x"); };
  ASSERT_THAT(PublishFolder(dir.File("release"), fill), IsOk());
  EXPECT_THAT(PublishFolder(dir.File("release"), fill),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("release")));
}

TEST(PublishFolderTest, RefusesAnEmptyFolderCreatedDuringTheFill) {
  const TempDir dir;
  EXPECT_THAT(PublishFolder(dir.File("release"),
                            [&](const std::string& folder) {
                              std::filesystem::create_directory(dir.File("release"));
                              return WriteFileAtomic(folder + "/f", "x");
                            }),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("release")));
  EXPECT_TRUE(std::filesystem::is_empty(dir.File("release")));
  const std::filesystem::directory_iterator entries(dir.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST(PublishFolderTest, PublishesAFolderReadableByOthers) {
  const TempDir dir;
  ASSERT_THAT(PublishFolder(dir.File("release"), [](const std::string&) { return absl::OkStatus(); }),
              IsOk());
  EXPECT_EQ(std::filesystem::status(dir.File("release")).permissions(), std::filesystem::perms{0755});
}

TEST(TemporaryFolderTest, HasAUniquePathAndIsRemovedByTheDestructor) {
  const TempDir dir;
  {
    ASSERT_OK_AND_ASSIGN(const auto one, TemporaryFolder::Make(dir.File("x.")));
    ASSERT_OK_AND_ASSIGN(const auto other, TemporaryFolder::Make(dir.File("x.")));
    EXPECT_NE(one->path(), other->path());
    EXPECT_THAT(WriteFileAtomic(one->path() + "/f", "x"), IsOk());
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
  EXPECT_THAT(TemporaryFolder::Make(dir.File("no/x.")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/x.")));
}

TEST(PublishFolderTest, RemovesTheTemporaryFolderOnAnError) {
  const TempDir dir;
  EXPECT_THAT(PublishFolder(dir.File("release"),
                            [](const std::string& folder) {
                              EXPECT_THAT(WriteFileAtomic(folder + "/f", "x"), IsOk());
                              return absl::InternalError("disk on fire");
                            }),
              StatusIs(absl::StatusCode::kInternal, "disk on fire"));
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

// The examples of FIPS 180-4.
TEST(Sha256Test, ReturnsTheDigestsOfTheStandard) {
  EXPECT_EQ(Sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace newsgenre
