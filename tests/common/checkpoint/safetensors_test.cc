#include "common/checkpoint/safetensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <cstdint>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

// Returns a file with the header's length, the header, and `data_bytes` zeros.
std::string File(const std::string& header, size_t data_bytes) {
  std::string bytes;
  for (size_t i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + std::string(data_bytes, '\0');
}

std::string Entry(const std::string& name, const std::string& shape, const std::string& offsets,
                  const std::string& dtype = "F32") {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}";
}

Safetensors Small() {
  Safetensors file;
  file.tensors["b.weight"] = at::arange(6, at::kFloat).view({2, 3});
  file.tensors["a.bias"] = at::full({2}, -1.5f);
  file.metadata["format"] = "pt";
  return file;
}

TEST(SafetensorsTest, ParsesWhatWasSerialized) {
  ASSERT_OK_AND_ASSIGN(const Safetensors read, ParseSafetensors(SerializeSafetensors(Small())));
  EXPECT_THAT(read.metadata, UnorderedElementsAre(Pair("format", "pt")));
  ASSERT_EQ(read.tensors.size(), 2u);
  for (const auto& [name, tensor] : Small().tensors) {
    EXPECT_TRUE(at::equal(read.tensors.at(name), tensor)) << name;
  }
}

TEST(SafetensorsTest, WritesTheFormatsLayout) {
  Safetensors file;
  file.tensors["x"] = at::full({1}, 1.0f);
  file.metadata["format"] = "pt";
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const std::string padding(3, ' ');  // 85 + 3 bytes are a multiple of 8
  EXPECT_EQ(SerializeSafetensors(file), File(header + padding, 0) + std::string("\0\0\x80\x3f", 4));
}

TEST(SafetensorsTest, ConvertsHalfPrecisionToFp32) {
  const std::string header =
      "{" + Entry("f16", "[1]", "[0,2]", "F16") + "," + Entry("bf16", "[1]", "[2,4]", "BF16") + "}";
  std::string bytes = File(header, 0);
  bytes += std::string("\x00\x3e", 2);  // 1.5 in F16
  bytes += std::string("\x20\xc0", 2);  // -2.5 in BF16
  ASSERT_OK_AND_ASSIGN(const Safetensors read, ParseSafetensors(bytes));
  EXPECT_EQ(read.tensors.at("f16").scalar_type(), at::kFloat);
  EXPECT_EQ(read.tensors.at("f16").item<float>(), 1.5f);
  EXPECT_EQ(read.tensors.at("bf16").scalar_type(), at::kFloat);
  EXPECT_EQ(read.tensors.at("bf16").item<float>(), -2.5f);
}

TEST(SafetensorsTest, ReadsAScalarAndAnEmptyFile) {
  ASSERT_OK_AND_ASSIGN(const Safetensors scalar,
                       ParseSafetensors(File("{" + Entry("s", "[]", "[0,4]") + "}", 4)));
  EXPECT_EQ(scalar.tensors.at("s").dim(), 0);
  ASSERT_OK_AND_ASSIGN(const Safetensors empty, ParseSafetensors(File("{}  ", 0)));
  EXPECT_TRUE(empty.tensors.empty());
}

TEST(SafetensorsTest, SkipsUnwantedTensorsOfAnyDtype) {
  const std::string bytes =
      File("{" + Entry("ids", "[1]", "[0,8]", "I64") + "," + Entry("w", "[1]", "[8,12]") + "}", 12);
  EXPECT_THAT(ParseSafetensors(bytes),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("ids"), HasSubstr("I64"))));
  ASSERT_OK_AND_ASSIGN(const Safetensors read,
                       ParseSafetensors(bytes, [](const std::string& name) { return name != "ids"; }));
  EXPECT_EQ(read.tensors.size(), 1u);
  EXPECT_EQ(read.tensors.count("w"), 1u);
}

struct BrokenCase {
  std::string name;
  std::string bytes;
  std::string message;
};

class BrokenSafetensorsTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenSafetensorsTest, ReturnsDataLossWithTheFault) {
  EXPECT_THAT(ParseSafetensors(GetParam().bytes),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BrokenSafetensorsTest,
    testing::Values(
        BrokenCase{"Empty", "", "shorter than 8 bytes"},  //
        BrokenCase{"SevenBytes", "1234567", "shorter than 8 bytes"},
        BrokenCase{"HeaderLongerThanFile", std::string("\x09\0\0\0\0\0\0\0{}", 10), "the header has 9 bytes"},
        BrokenCase{"HugeHeader", std::string(8, '\xff') + "{}", "the header has 18446744073709551615 bytes"},
        BrokenCase{"HeaderAboveTheLimit", File(std::string((1 << 20) + 1, ' '), 0), "the limit is 1048576"},
        BrokenCase{"NotJson", File("{\"a\":", 0), "not a JSON object"},
        BrokenCase{"InvalidUtf8", File("{\"\xff\":{}}", 0), "not a JSON object"},
        BrokenCase{"AnArray", File("[]", 0), "not a JSON object"},
        BrokenCase{"DeepArrays", File("{\"a\":" + std::string(500000, '['), 0),
                   "the header: nested deeper than 32 levels"},
        BrokenCase{"DeepShape",
                   File("{" + Entry("w", std::string(99, '[') + std::string(99, ']'), "[0,4]") + "}", 4),
                   "the header: nested deeper than 32 levels"},
        BrokenCase{"TwiceTheSameName",
                   File("{" + Entry("w", "[1]", "[0,4]") + "," + Entry("w", "[1]", "[4,8]") + "}", 8),
                   "the header: duplicate name w"},
        BrokenCase{"NameForATerminal", File(R"({"\u001b[2J":1})", 0), "tensor \\x1b[2J: not an object"},
        BrokenCase{"LongName", File("{\"" + std::string(10000, 'x') + "\":1}", 0),
                   "tensor " + std::string(120, 'x') + "…: not"},
        BrokenCase{"MetadataNotAnObject", File(R"({"__metadata__":1})", 0), "__metadata__"},
        BrokenCase{"MetadataNotAString", File(R"({"__metadata__":{"a":1}})", 0), "__metadata__ a"},
        BrokenCase{"EntryNotAnObject", File(R"({"w":[0,4]})", 4), "tensor w: not an object"},
        BrokenCase{"EntryWithoutOffsets", File(R"({"w":{"dtype":"F32","shape":[1]}})", 4),
                   "tensor w: not an object"},
        BrokenCase{"DtypeNotAString", File(R"({"w":{"dtype":4,"shape":[1],"data_offsets":[0,4]}})", 4),
                   "tensor w: not an object"},
        BrokenCase{"OffsetsNotAPair", File("{" + Entry("w", "[1]", "[0]") + "}", 4),
                   "tensor w: data_offsets"},
        BrokenCase{"OffsetsNegative", File("{" + Entry("w", "[1]", "[-4,0]") + "}", 4),
                   "tensor w: data_offsets"},
        BrokenCase{"OffsetsBackwards", File("{" + Entry("w", "[1]", "[4,0]") + "}", 4),
                   "tensor w: data_offsets [4,0]"},
        BrokenCase{"OffsetsOutOfRange", File("{" + Entry("w", "[2]", "[0,8]") + "}", 4),
                   "tensor w: data_offsets [0,8] are outside the file's 4 bytes"},
        BrokenCase{"ShapeOfArrays", File("{" + Entry("w", "[[1]]", "[0,4]") + "}", 4),
                   "tensor w: the shape is not an array of at most 8 positive integers"},
        BrokenCase{"ShapeNotAnArray", File("{" + Entry("w", "4", "[0,4]") + "}", 4), "tensor w: the shape"},
        BrokenCase{"ShapeWithAFraction", File("{" + Entry("w", "[1.0]", "[0,4]") + "}", 4),
                   "tensor w: the shape"},
        BrokenCase{"ShapeWithAZero", File("{" + Entry("w", "[0]", "[0,0]") + "}", 0), "tensor w: the shape"},
        BrokenCase{"ShapeNegative", File("{" + Entry("w", "[-1]", "[0,4]") + "}", 4), "tensor w: the shape"},
        BrokenCase{"ShapeOverflows", File("{" + Entry("w", "[4611686018427387905,4]", "[0,4]") + "}", 4),
                   "tensor w: the shape"},
        BrokenCase{"NineDimensions", File("{" + Entry("w", "[1,1,1,1,1,1,1,1,1]", "[0,4]") + "}", 4),
                   "tensor w: the shape is not an array of at most 8"},
        BrokenCase{"ShapeAgainstOffsets", File("{" + Entry("w", "[1]", "[0,8]") + "}", 8),
                   "tensor w: the shape [1] takes 4 bytes, the offsets give it 8"},
        BrokenCase{"Overlap",
                   File("{" + Entry("v", "[2]", "[0,8]") + "," + Entry("w", "[2]", "[4,12]") + "}", 12),
                   "tensor w overlaps another"},
        BrokenCase{"SameBytesTwice",
                   File("{" + Entry("v", "[1]", "[0,4]") + "," + Entry("w", "[1]", "[0,4]") + "}", 4),
                   "overlaps another"},
        BrokenCase{"Gap",
                   File("{" + Entry("v", "[1]", "[0,4]") + "," + Entry("w", "[1]", "[8,12]") + "}", 12),
                   "tensor w leaves a gap"},
        BrokenCase{"GapAtTheStart", File("{" + Entry("w", "[1]", "[4,8]") + "}", 8), "tensor w leaves a gap"},
        BrokenCase{"BytesLeftOver", File("{" + Entry("w", "[1]", "[0,4]") + "}", 5), "the tensors end at 4"}),
    [](const auto& info) { return info.param.name; });

TEST(SafetensorsTest, RefusesAnUnknownDtype) {
  EXPECT_THAT(ParseSafetensors(File("{" + Entry("w", "[1]", "[0,4]", "F33") + "}", 4)),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("tensor w"), HasSubstr("F33"))));
}

// Any mutated file gives an error or tensors that can be read.
TEST(SafetensorsTest, SurvivesMutations) {
  const std::string valid = SerializeSafetensors(Small());
  std::mt19937 random(20240229);
  const auto below = [&random](size_t limit) { return random() % limit; };
  int read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = valid;
    for (size_t change = 0; change <= below(3); ++change) {
      switch (below(4)) {
        case 0:
          bytes[below(bytes.size())] ^= static_cast<char>(1 << below(8));
          break;
        case 1:
          bytes[below(bytes.size())] = "0123456789[]{},:\"-"[below(18)];
          break;
        case 2:
          bytes.insert(below(bytes.size()), 1, static_cast<char>(below(256)));
          break;
        default:
          bytes.resize(1 + below(bytes.size()));
      }
    }
    const absl::StatusOr<Safetensors> file = ParseSafetensors(bytes);
    if (!file.ok()) {
      ASSERT_FALSE(file.status().message().empty());
      continue;
    }
    ++read;
    for (const auto& [name, tensor] : file->tensors) {
      ASSERT_TRUE(tensor.scalar_type() == at::kFloat && tensor.is_contiguous()) << name;
      ASSERT_LE(tensor.nbytes(), 2 * bytes.size()) << name;
    }
  }
  EXPECT_GT(read, 0);  // mutations of the data
}

}  // namespace
}  // namespace newsgenre
