#include "trainer/import/zip_file.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/trainer/import/torch_bytes.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string Small() { return Zip({{"a/first", "1234"}, {"a/second", ""}}); }

// Returns the archive with `bytes` at `offset` from the nth occurrence of `signature`, counted from 0.
std::string Patched(std::string archive, const std::string& signature, size_t offset,
                    const std::string& bytes, int nth = 0) {
  size_t at = archive.find(signature);
  for (int i = 0; i < nth; ++i) at = archive.find(signature, at + 1);
  return archive.replace(at + offset, bytes.size(), bytes);
}

constexpr char kLocal[] = "PK\x03\x04", kEntry[] = "PK\x01\x02", kEnd[] = "PK\x05\x06";

TEST(ZipFileTest, ReturnsTheEntries) {
  for (const bool zip64 : {false, true}) {
    const std::string archive = Zip({{"a/first", "1234"}, {"a/second", ""}}, zip64);
    ASSERT_OK_AND_ASSIGN(const auto entries, ParseStoredZip(archive));
    EXPECT_THAT(entries, ElementsAre(Pair("a/first", "1234"), Pair("a/second", "")));
  }
  const std::string empty = Zip({});
  ASSERT_OK_AND_ASSIGN(const auto no_entries, ParseStoredZip(empty));
  EXPECT_TRUE(no_entries.empty());
}

struct BrokenZipCase {
  std::string name;
  std::string bytes;
  StatusCode code;
  std::string message;
};

class BrokenZipTest : public testing::TestWithParam<BrokenZipCase> {};

TEST_P(BrokenZipTest, ReturnsTheError) {
  EXPECT_THAT(ParseStoredZip(GetParam().bytes), StatusIs(GetParam().code, HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BrokenZipTest,
    testing::Values(
        BrokenZipCase{"Empty", "", StatusCode::kDataLoss, "truncated"},
        BrokenZipCase{"CutShort", Small().substr(0, Small().size() - 1), StatusCode::kDataLoss, "truncated"},
        BrokenZipCase{"WrongCrc", Patched(Small(), "1234", 0, "1235"), StatusCode::kDataLoss,
                      "entry a/first has CRC-32"},
        BrokenZipCase{"Compressed", Patched(Small(), kEntry, 10, Number(8, 2)), StatusCode::kInvalidArgument,
                      "entry a/first of the zip archive is compressed"},
        BrokenZipCase{"Encrypted", Patched(Small(), kEntry, 8, Number(1, 2), 1), StatusCode::kInvalidArgument,
                      "entry a/second of the zip archive is compressed or encrypted"},
        BrokenZipCase{"TwoSizes", Patched(Small(), kEntry, 20, Number(3, 4)), StatusCode::kInvalidArgument,
                      "entry a/first"},
        BrokenZipCase{"EntryOutside", Patched(Small(), kEntry, 20, Number(5000, 4) + Number(5000, 4)),
                      StatusCode::kDataLoss, "entry a/first ends outside"},
        BrokenZipCase{"EntryElsewhere", Patched(Small(), kEntry, 42, Number(1, 4)), StatusCode::kDataLoss,
                      "entry a/first is not where"},
        BrokenZipCase{"NoLocalHeader", Patched(Small(), kLocal, 0, "PK\x03\x05"), StatusCode::kDataLoss,
                      "entry a/first is not where"},
        BrokenZipCase{"NameTwice", Zip({{"a", "1"}, {"a", "2"}}), StatusCode::kDataLoss,
                      "entry a occurs twice"},
        BrokenZipCase{"DirectoryOutside", Patched(Small(), kEnd, 16, Number(1 << 20, 4)),
                      StatusCode::kDataLoss, "directory is outside"},
        BrokenZipCase{"MoreEntriesThanDirectory", Patched(Small(), kEnd, 10, Number(3, 2)),
                      StatusCode::kDataLoss, "directory is truncated"},
        BrokenZipCase{"LongName", Patched(Small(), kEntry, 28, Number(60000, 2), 1), StatusCode::kDataLoss,
                      "directory is truncated"},
        BrokenZipCase{"Zip64RecordElsewhere",
                      Patched(Zip({{"a", "1"}}, true), "PK\x06\x07", 8, Number(~0ull, 8)),
                      StatusCode::kDataLoss, "zip64 record"},
        BrokenZipCase{"ShortZip64Extra",
                      Patched(Zip({{"a", "1"}}, true), kEntry, 46 + 1 + 5 + 2, Number(9, 2)),
                      StatusCode::kDataLoss, "entry a has a short zip64 extra"}),
    [](const auto& info) { return info.param.name; });

// All 100 entries refer to the same large contents.
TEST(ZipFileTest, RefusesOverlappingEntries) {
  std::vector<std::pair<std::string, std::string>> entries = {{"0", std::string(1 << 20, 'x')}};
  for (int i = 1; i < 100; ++i) entries.push_back({std::to_string(i), ""});
  std::string archive = Zip(entries);
  const std::string first = archive.substr(archive.find(kEntry), 46);
  for (int i = 1; i < 100; ++i) archive = Patched(archive, kEntry, 16, first.substr(16, 12), i);
  for (int i = 1; i < 100; ++i) archive = Patched(archive, kEntry, 42, first.substr(42, 4), i);
  EXPECT_THAT(ParseStoredZip(archive), StatusIs(StatusCode::kDataLoss, HasSubstr("overlap")));
}

TEST(ZipFileTest, RefusesAnEntryWithinAnother) {
  const std::string small = Zip({{"inner", "1234"}});
  const std::string inner = small.substr(0, small.find(kEntry));  // with its local header
  const std::string archive = Zip({{"outer", inner}, {"inner", "1234"}});
  EXPECT_THAT(ParseStoredZip(Patched(archive, kEntry, 42, Number(archive.find(inner), 4), 1)),
              StatusIs(StatusCode::kDataLoss, HasSubstr("entry inner overlaps another")));
}

}  // namespace
}  // namespace newsgenre
