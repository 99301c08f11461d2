#include "trainer/import/pickle.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/trainer/import/torch_bytes.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using Kind = PickleValue::Kind;

absl::StatusOr<Pickle> Parse(const std::string& value) {
  return ParsePickle(PickleBytes(value),
                     [](const std::string& name) { return name == "torch.FloatStorage"; });
}

struct IntegerCase {
  std::string bytes;
  int64_t value;
};

TEST(PickleTest, ReadsIntegers) {
  const IntegerCase cases[] = {{"K\xff", 255},
                               {std::string("M\x00\x01", 3), 256},
                               {"J\xff\xff\xff\xff", -1},
                               {"J\xff\xff\xff\x7f", 2147483647},
                               {std::string("\x8a\x00", 2), 0},
                               {"\x8a\x01\xfe", -2},
                               {Integer(INT64_MIN), INT64_MIN},
                               {"\x88", 1},
                               {"\x89", 0}};
  for (const IntegerCase& each : cases) {
    ASSERT_OK_AND_ASSIGN(const Pickle pickle, Parse(each.bytes));
    EXPECT_EQ(pickle.values[pickle.root].integer, each.value);
  }
}

TEST(PickleTest, ReadsContainers) {
  ASSERT_OK_AND_ASSIGN(const Pickle pickle, Parse("}(" + Text("list") + "](K\x01K\x02" + "e" + Text("tuple") +
                                                  "NG12345678\x86u" + Text("one") + ")s"));
  const PickleValue& dict = pickle.values[pickle.root];
  ASSERT_EQ(dict.kind, Kind::kDict);
  ASSERT_EQ(dict.items.size(), 6u);
  const PickleValue* list = pickle.Item(dict, 1, Kind::kList);
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(pickle.Item(*list, 1, Kind::kInteger)->integer, 2);
  EXPECT_EQ(pickle.Item(*list, 2, Kind::kInteger), nullptr);
  EXPECT_EQ(pickle.Item(*list, 1, Kind::kText), nullptr);
  const PickleValue* tuple = pickle.Item(dict, 3, Kind::kTuple);
  ASSERT_NE(tuple, nullptr);
  EXPECT_NE(pickle.Item(*tuple, 0, Kind::kNone), nullptr);
  EXPECT_NE(pickle.Item(*tuple, 1, Kind::kFloat), nullptr);
  EXPECT_EQ(pickle.Item(dict, 4, Kind::kText)->text, "one");
}

TEST(PickleTest, RecordsCallsAndPersistentIds) {
  ASSERT_OK_AND_ASSIGN(const Pickle pickle, Parse(Global("torch", "FloatStorage") + "q\x07K\x05\x85R" + "Q"));
  const PickleValue* call = pickle.Item(pickle.values[pickle.root], 0, Kind::kCall);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(pickle.Item(*call, 0, Kind::kGlobal)->text, "torch.FloatStorage");
  EXPECT_EQ(pickle.Item(*pickle.Item(*call, 1, Kind::kTuple), 0, Kind::kInteger)->integer, 5);
}

TEST(PickleTest, ReadsAnOrderedDictWithoutItsAttributes) {
  ASSERT_OK_AND_ASSIGN(const Pickle pickle, Parse(Global("collections", "OrderedDict") + ")R(" + Text("a") +
                                                  "K\x01u}(" + Text("_metadata") + "Nub"));
  EXPECT_EQ(pickle.values[pickle.root].kind, Kind::kDict);
  EXPECT_EQ(pickle.values[pickle.root].items.size(), 2u);
}

TEST(PickleTest, ReturnsTheSizeOfThePickle) {
  const std::string bytes = PickleBytes("K\x01");
  ASSERT_OK_AND_ASSIGN(const Pickle pickle, ParsePickle(bytes + "more", nullptr));
  EXPECT_EQ(pickle.bytes, bytes.size());
}

TEST(PickleTest, AcceptsAListThatContainsItself) {
  EXPECT_THAT(Parse(std::string("]q\x00h\x00"
                                "a",
                                6)),
              IsOk());
}

struct BrokenPickleCase {
  std::string name;
  std::string value;
  StatusCode code;
  std::string message;
};

class BrokenPickleTest : public testing::TestWithParam<BrokenPickleCase> {};

TEST_P(BrokenPickleTest, ReturnsTheError) {
  EXPECT_THAT(Parse(GetParam().value), StatusIs(GetParam().code, HasSubstr(GetParam().message)));
}

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Stores one value at 70,000 memo indices.
std::string MemoBomb() {
  std::string bytes = "N";
  for (uint64_t i = 0; i < 70000; ++i) bytes += "r" + Number(i * 60000, 4);
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Each, BrokenPickleTest,
    testing::Values(
        BrokenPickleCase{"System", Global("os", "system") + Text("id") + "\x85R",
                         StatusCode::kInvalidArgument, "global os.system is not allowed"},
        BrokenPickleCase{"PosixSystem", Global("posix", "system") + "(" + Text("id") + "tR",
                         StatusCode::kInvalidArgument, "global posix.system is not allowed"},
        BrokenPickleCase{"DottedGlobal", Global("collections", "OrderedDict.update"),
                         StatusCode::kInvalidArgument, "collections.OrderedDict.update is not allowed"},
        BrokenPickleCase{"GlobalWithoutAnEnd", "ctorch", StatusCode::kDataLoss, "ends early"},
        BrokenPickleCase{"Instance", "(ios\nsystem\n", StatusCode::kInvalidArgument,
                         "opcode 0x69 is not allowed"},
        BrokenPickleCase{"Object", "(" + Global("torch", "FloatStorage") + "o", StatusCode::kInvalidArgument,
                         "opcode 0x6f"},
        BrokenPickleCase{"NewObject", Global("torch", "FloatStorage") + ")\x81", StatusCode::kInvalidArgument,
                         "opcode 0x81"},
        BrokenPickleCase{"StackGlobal", Text("os") + Text("system") + "\x93", StatusCode::kInvalidArgument,
                         "opcode 0x93"},
        BrokenPickleCase{"Extension", "\x82\x01", StatusCode::kInvalidArgument, "opcode 0x82"},
        BrokenPickleCase{"LaterProtocol", "\x80\x04", StatusCode::kInvalidArgument,
                         "a protocol other than 2"},
        BrokenPickleCase{"TextLongerThanTheFile",
                         "X\xff\xff\xff\xff"
                         "abc",
                         StatusCode::kDataLoss, "ends early"},
        BrokenPickleCase{"NothingToStopWith", "", StatusCode::kDataLoss, "a value is missing"},
        BrokenPickleCase{"NoMark", "Nt", StatusCode::kDataLoss, "a mark is missing"},
        BrokenPickleCase{"BelowTheMark", "N(\x85", StatusCode::kDataLoss, "a value is missing"},
        BrokenPickleCase{"NothingInTheMemo", "h\x05", StatusCode::kDataLoss,
                         "nothing was stored at memo index 5"},
        BrokenPickleCase{"ItemsOnATuple", ")Na", StatusCode::kDataLoss,
                         "items are added to a value that can't have them"},
        BrokenPickleCase{"KeyWithoutAValue", "}(Nu", StatusCode::kDataLoss,
                         "items are added to a value that can't have them"},
        BrokenPickleCase{"StateOfATuple", "))b", StatusCode::kDataLoss,
                         "items are added to a value that can't have them"},
        BrokenPickleCase{"CallOfAText", Text("os.system") + ")R", StatusCode::kDataLoss,
                         "a call of something other than a global"},
        BrokenPickleCase{"CallWithAList", Global("torch", "FloatStorage") + "]R", StatusCode::kDataLoss,
                         "a call of something other than a global"},
        BrokenPickleCase{"DictWithArguments", Global("collections", "OrderedDict") + "N\x85R",
                         StatusCode::kDataLoss, "an OrderedDict has arguments"},
        BrokenPickleCase{"HugeInteger",
                         "\x8a\x09"
                         "123456789",
                         StatusCode::kDataLoss, "an integer has 9 bytes"},
        BrokenPickleCase{"DeepMarks", Repeat("(", 500000), StatusCode::kDataLoss, "nested deeper than 64"},
        BrokenPickleCase{"DeepTuples", "N" + Repeat("\x85", 500000), StatusCode::kDataLoss,
                         "more than 65536 values"},
        BrokenPickleCase{"MemoBomb", MemoBomb(), StatusCode::kDataLoss, "more than 65536 values"},
        BrokenPickleCase{"TooLong", Text(std::string(1 << 20, 'x')), StatusCode::kDataLoss,
                         "more than 1048576 bytes"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace newsgenre
