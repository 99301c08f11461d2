#include "common/checkpoint/manifest.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

TEST(ManifestTest, JsonHasEveryFieldByItsProtoName) {
  v1::Manifest manifest;
  manifest.set_format_version(kManifestFormatVersion);
  manifest.set_version("v1");
  manifest.add_labels("World");
  manifest.set_max_tokens(128);
  (*manifest.mutable_metrics())["test_loss"] = 0.1;
  v1::Canary* canary = manifest.add_canaries();
  canary->set_text("a \"quoted\" text \xe2\x80\xa6");
  canary->add_probabilities(0.1f);
  const std::string json = ManifestJson(manifest);
  EXPECT_THAT(json, HasSubstr("\n \"max_tokens\": 128"));
  EXPECT_THAT(json, HasSubstr("\"cleaning_version\": 0"));  // a value, not a missing field

  ASSERT_OK_AND_ASSIGN(const v1::Manifest read, ParseManifest(json));
  EXPECT_EQ(read.SerializeAsString(), manifest.SerializeAsString());
}

TEST(ManifestTest, ReleaseNamesAreSafeFolderNames) {
  for (const char* name : {"v1", "2026-01-31T12.00.00", "a", "9", "News_genre-3.1", "current"}) {
    EXPECT_TRUE(IsReleaseName(name)) << name;
  }
  EXPECT_TRUE(IsReleaseName(std::string(100, 'a')));
  EXPECT_FALSE(IsReleaseName(std::string(101, 'a')));
  for (const char* name :
       {"", ".", "..", ".a", "-a", "_a", "a/b", "/a", "a b", "a\n", "a\\b", "\xc3\xa9", "CURRENT"}) {
    EXPECT_FALSE(IsReleaseName(name)) << name;
  }
  EXPECT_FALSE(IsReleaseName(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace newsgenre
