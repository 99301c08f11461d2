#include "trainer/import/torch_file.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/trainer/import/torch_bytes.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using Items = std::vector<std::pair<std::string, std::string>>;

// Returns a file with this pickle. Storage "0" has six floats, 0 to 5, "half" has 1.5 in F16, "bf16" has -2.5
// in BF16, and "ids" has two integers.
std::string FileWith(const std::string& pickle, const Items& replaced = {}) {
  std::string floats;
  for (const uint64_t bits : {0x00000000, 0x3f800000, 0x40000000, 0x40400000, 0x40800000, 0x40a00000}) {
    floats += Number(bits, 4);
  }
  Items entries = {{"a/data.pkl", pickle},
                   {"a/version", "3\n"},
                   {"a/byteorder", "little"},
                   {"a/data/0", floats},
                   {"a/data/half", Number(0x3e00, 2)},
                   {"a/data/bf16", Number(0xc020, 2)},
                   {"a/data/ids", Number(0, 16)}};
  for (auto& entry : entries) {
    for (const auto& [name, contents] : replaced) {
      if (entry.first == name) entry = {contents.empty() ? "a/left_out" : name, contents};
    }
  }
  return Zip(entries);
}

std::string FileOf(const Items& tensors) { return FileWith(PickleBytes(Dict(tensors))); }

const std::string& Six() {
  static const auto* const storage = new std::string(StorageBytes("FloatStorage", "0", 6));
  return *storage;
}
std::string Whole() { return TensorBytes(Six(), 0, {2, 3}, {3, 1}); }

TEST(TorchFileTest, ReadsStridesOffsetsAndSharedStorages) {
  const std::string bytes = FileOf(
      {{"whole", Whole()},
       {"transposed", TensorBytes(Six(), 0, {3, 2}, {1, 3})},
       {"part", TensorBytes(Six(), 4, {2}, {1})},
       {"column", TensorBytes(Six(), 1, {2}, {3})},
       {"one", TensorBytes(Six(), 5, {}, {})},
       {"repeated", TensorBytes(Six(), 2, {3}, {0})},
       {"parameter", Global("torch._utils", "_rebuild_parameter") +
                         Tuple({Whole(), "\x88", Global("collections", "OrderedDict") + ")R"}) + "R"}});
  ASSERT_OK_AND_ASSIGN(const TensorMap tensors, ParseTorchFile(bytes));
  const at::Tensor whole = at::tensor({0.f, 1.f, 2.f, 3.f, 4.f, 5.f}).view({2, 3});
  EXPECT_TRUE(at::equal(tensors.at("whole"), whole));
  EXPECT_TRUE(at::equal(tensors.at("transposed"), whole.t()));
  EXPECT_TRUE(at::equal(tensors.at("part"), at::tensor({4.f, 5.f})));
  EXPECT_TRUE(at::equal(tensors.at("column"), at::tensor({1.f, 4.f})));
  EXPECT_EQ(tensors.at("one").dim(), 0);
  EXPECT_EQ(tensors.at("one").item<float>(), 5);
  EXPECT_TRUE(at::equal(tensors.at("repeated"), at::tensor({2.f, 2.f, 2.f})));
  EXPECT_TRUE(at::equal(tensors.at("parameter"), whole));
  for (const auto& [name, tensor] : tensors) EXPECT_TRUE(tensor.is_contiguous()) << name;
}

TEST(TorchFileTest, WidensHalfPrecisionAndSkipsIntegers) {
  const std::string bytes =
      FileOf({{"half", TensorBytes(StorageBytes("HalfStorage", "half", 1), 0, {1}, {1})},
              {"bf16", TensorBytes(StorageBytes("BFloat16Storage", "bf16", 1), 0, {1}, {1})},
              {"position_ids", TensorBytes(StorageBytes("LongStorage", "ids", 2), 0, {1, 2}, {2, 1})}});
  ASSERT_OK_AND_ASSIGN(const TensorMap tensors, ParseTorchFile(bytes));
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors.at("half").scalar_type(), at::kFloat);
  EXPECT_EQ(tensors.at("half").item<float>(), 1.5f);
  EXPECT_EQ(tensors.at("bf16").scalar_type(), at::kFloat);
  EXPECT_EQ(tensors.at("bf16").item<float>(), -2.5f);
}

TEST(TorchFileTest, SkipsUnwantedItemsOfAnyKind) {
  ASSERT_OK_AND_ASSIGN(const TensorMap tensors,
                       ParseTorchFile(FileOf({{"epoch", "K\x03"}, {"weight", Whole()}}),
                                      [](const std::string& name) { return name != "epoch"; }));
  EXPECT_EQ(tensors.size(), 1u);
}

struct BrokenTorchFileCase {
  std::string name;
  std::string bytes;
  StatusCode code;
  std::string where;
  std::string what;
};

class BrokenTorchFileTest : public testing::TestWithParam<BrokenTorchFileCase> {};

TEST_P(BrokenTorchFileTest, ReturnsTheError) {
  EXPECT_THAT(ParseTorchFile(GetParam().bytes),
              StatusIs(GetParam().code, AllOf(HasSubstr(GetParam().where), HasSubstr(GetParam().what))));
}

// Returns a file whose tensor w has this offset and these sizes and strides in the six floats.
BrokenTorchFileCase InPlace(const std::string& name, int64_t offset, const std::vector<int64_t>& sizes,
                            const std::vector<int64_t>& strides, const std::string& what) {
  return {name, FileOf({{"w", TensorBytes(Six(), offset, sizes, strides)}}), StatusCode::kDataLoss,
          "tensor w", what};
}

constexpr int64_t kHuge = int64_t{1} << 62;

INSTANTIATE_TEST_SUITE_P(
    Places, BrokenTorchFileTest,
    testing::Values(InPlace("StrideOutside", 0, {2, 3}, {4, 1}, "strides [4, 1]"),
                    InPlace("OffsetOutside", 6, {1}, {1}, "offset 6"),
                    InPlace("OffsetAndSizeOutside", 1, {2, 3}, {3, 1}, "its storage of 6 elements"),
                    InPlace("NegativeOffset", -1, {1}, {1}, "offset -1"),
                    InPlace("NegativeStride", 5, {2}, {-1}, "strides [-1]"),
                    InPlace("NegativeSize", 0, {-2, 3}, {3, 1}, "sizes [-2, 3]"),
                    InPlace("EmptySize", 0, {0}, {1}, "sizes [0]"),
                    InPlace("HugeStride", 0, {2}, {kHuge}, "do not fit"),
                    InPlace("HugeSize", 0, {kHuge}, {1}, "do not fit"),
                    InPlace("HugeProduct", 0, {kHuge, kHuge, 4}, {0, 0, 0}, "do not fit"),
                    InPlace("RepeatedTooOften", 0, {7}, {0}, "do not fit"),
                    InPlace("FewerStrides", 0, {2, 3}, {1}, "numbers of sizes and strides differ"),
                    InPlace("ManyDimensions", 0, std::vector<int64_t>(9, 1), std::vector<int64_t>(9, 1),
                            "at most 8")),
    [](const auto& info) { return info.param.name; });

BrokenTorchFileCase InStorage(const std::string& name, const std::string& storage, const std::string& what,
                              StatusCode code = StatusCode::kDataLoss) {
  return {name, FileOf({{"w", TensorBytes(storage, 0, {1}, {1})}}), code, "tensor w", what};
}

INSTANTIATE_TEST_SUITE_P(
    Storages, BrokenTorchFileTest,
    testing::Values(
        InStorage("TooShort", StorageBytes("FloatStorage", "0", 7), "its storage 0 has 24 bytes, not 7"),
        InStorage("TooLong", StorageBytes("FloatStorage", "0", 5), "its storage 0 has 24 bytes, not 5"),
        InStorage("Negative", StorageBytes("FloatStorage", "0", -1), "not -1"),
        InStorage("Wraps", StorageBytes("FloatStorage", "0", kHuge + 6), "its storage 0 has 24 bytes"),
        InStorage("Absent", StorageBytes("FloatStorage", "9", 6), "its storage 9 is missing"),
        InStorage("Elsewhere", StorageBytes("FloatStorage", "../version", 1), "is missing"),
        InStorage("OfDoubles", StorageBytes("DoubleStorage", "0", 3), "dtype F64",
                  StatusCode::kInvalidArgument),
        InStorage("OfNoType",
                  Tuple({Text("storage"), Global("torch._utils", "_rebuild_parameter"), Text("0"),
                         Text("cpu"), Integer(6)}) +
                      "Q",
                  "_rebuild_parameter is not a storage type"),
        InStorage("AText", Text("storage") + "Q", "not a tuple"),
        InStorage("AShortTuple", Tuple({Text("storage")}) + "Q", "not what torch writes"),
        InStorage("NotAStorage", "N", "it has no storage")),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenTorchFileTest,
    testing::Values(
        BrokenTorchFileCase{"Empty", "", StatusCode::kInvalidArgument, "not a file that torch.save writes",
                            "torch.save(torch.load(FILE), OTHER)"},
        BrokenTorchFileCase{"AnotherFormat", "ustar", StatusCode::kInvalidArgument, "torch.save",
                            "torch.load(FILE)"},
        BrokenTorchFileCase{"NoPickle", Zip({{"a/version", "3\n"}}), StatusCode::kDataLoss, "no data.pkl",
                            ""},
        BrokenTorchFileCase{"LaterVersion", FileWith(PickleBytes("}"), {{"a/version", "11\n"}}),
                            StatusCode::kFailedPrecondition, "version", "1 to 10"},
        BrokenTorchFileCase{"NoVersion", FileWith(PickleBytes("}"), {{"a/version", ""}}),
                            StatusCode::kFailedPrecondition, "version", "1 to 10"},
        BrokenTorchFileCase{"BigEndian", FileWith(PickleBytes("}"), {{"a/byteorder", "big"}}),
                            StatusCode::kFailedPrecondition, "big-endian", ""},
        BrokenTorchFileCase{"AWholeModel", FileWith(PickleBytes(Global("models", "Article") + ")R")),
                            StatusCode::kInvalidArgument, "global models.Article",
                            "torch.save(model.state_dict(), FILE)"},
        BrokenTorchFileCase{"System", FileWith(PickleBytes(Global("os", "system") + Text("id") + "\x85R")),
                            StatusCode::kInvalidArgument, "global os.system", "not allowed"},
        BrokenTorchFileCase{"AList", FileWith(PickleBytes("]")), StatusCode::kInvalidArgument,
                            "does not contain a state_dict", ""},
        BrokenTorchFileCase{"NestedDict", FileOf({{"model", Dict({{"w", Whole()}})}}),
                            StatusCode::kInvalidArgument, "tensor model", "model.state_dict()"},
        BrokenTorchFileCase{"NumberForATensor", FileOf({{"epoch", "K\x03"}}), StatusCode::kInvalidArgument,
                            "tensor epoch", "not a tensor"},
        BrokenTorchFileCase{"TensorTwice", FileOf({{"w", Whole()}, {"w", Whole()}}), StatusCode::kDataLoss,
                            "tensor w", "occurs twice"},
        BrokenTorchFileCase{"NumberForAName", FileWith(PickleBytes("}K\x01" + Whole() + "s")),
                            StatusCode::kDataLoss, "name is not a text", ""},
        BrokenTorchFileCase{"LongName", FileOf({{std::string(257, 'x'), Whole()}}), StatusCode::kDataLoss,
                            "at most 256 bytes", ""}),
    [](const auto& info) { return info.param.name; });

TEST(TorchFileTest, RefusesTooManyTensors) {
  Items tensors;
  for (int i = 0; i < 4097; ++i) tensors.push_back({std::to_string(i), "N"});
  EXPECT_THAT(ParseTorchFile(FileOf(tensors)), StatusIs(StatusCode::kInvalidArgument, HasSubstr("4096")));
}

// Each tensor uses one element of the file and 4 MiB of memory.
TEST(TorchFileTest, CountsElementsThatAStrideOfZeroRepeats) {
  constexpr int64_t kElements = int64_t{1} << 20;
  const std::string storage = StorageBytes("HalfStorage", "half", kElements);
  Items tensors;
  for (int i = 0; i <= 1024; ++i)
    tensors.push_back({std::to_string(i), TensorBytes(storage, 0, {kElements}, {0})});
  const std::string bytes =
      FileWith(PickleBytes(Dict(tensors)), {{"a/data/half", std::string(2 * kElements, '\0')}});
  EXPECT_THAT(ParseTorchFile(bytes),
              StatusIs(StatusCode::kDataLoss, HasSubstr("more than 1073741824 elements")));
}

// Uses files that torch wrote; see tests/golden/make_import_golden.py.
class WrittenByTorchTest : public testing::TestWithParam<std::string> {
 protected:
  WrittenByTorchTest()
      : bytes_(ReadFile(NEWSGENRE_SOURCE_DIR "/tests/golden/import/" + GetParam()).value()) {}
  const std::string bytes_;
};

TEST_P(WrittenByTorchTest, IsRead) { EXPECT_THAT(ParseTorchFile(bytes_), IsOk()); }

TEST_P(WrittenByTorchTest, IsRefusedIfTruncated) {
  for (size_t size = 0; size < bytes_.size(); size += 97) {
    EXPECT_FALSE(ParseTorchFile(bytes_.substr(0, size)).ok()) << size;
  }
}

// Any change of the bytes gives an error or tensors that can be read.
TEST_P(WrittenByTorchTest, SurvivesMutations) {
  std::mt19937 random(20240229);
  int read = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = bytes_;
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    if (round % 3 == 0) bytes[random() % 2000] = static_cast<char>(random());
    const absl::StatusOr<TensorMap> tensors = ParseTorchFile(bytes);
    if (!tensors.ok()) continue;
    ++read;
    for (const auto& [name, tensor] : *tensors) ASSERT_TRUE(tensor.is_contiguous()) << name;
  }
  EXPECT_GT(read, 0);
}

INSTANTIATE_TEST_SUITE_P(Torch, WrittenByTorchTest,
                         testing::Values("article/article.pt", "article/older_half.pt",
                                         "bin/pytorch_model.bin"));

}  // namespace
}  // namespace newsgenre
