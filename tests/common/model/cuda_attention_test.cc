#include "common/model/cuda_attention.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>

#include "common/device/device.h"
#include "common/model/attention.h"
#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(FlashFitsTest, Needs16BitsAndASupportedWidthAndGpu) {
  EXPECT_TRUE(FlashFits(at::kBFloat16, 64, 8));
  EXPECT_TRUE(FlashFits(at::kHalf, 64, 9));
  EXPECT_TRUE(FlashFits(at::kHalf, 8, 8));
  EXPECT_TRUE(FlashFits(at::kHalf, 256, 12));
  EXPECT_FALSE(FlashFits(at::kFloat, 64, 9));
  EXPECT_FALSE(FlashFits(at::kBFloat16, 60, 9));
  EXPECT_FALSE(FlashFits(at::kBFloat16, 264, 9));
  EXPECT_FALSE(FlashFits(at::kHalf, 64, 7));
}

constexpr int64_t kHeads = 3;

// Compares slices of a packed product in a padded batch on `device` with the CPU.
void ExpectMatchesTheCpu(at::ScalarType type, int64_t width, c10::Device device) {
  const int64_t hidden = kHeads * width;
  std::vector<Encoding> texts;
  for (const int64_t length : {5, 130, 1, 64, 2, 200}) texts.push_back({std::vector<int32_t>(length, 5)});
  std::vector<const Encoding*> pointers;
  for (const Encoding& text : texts) pointers.push_back(&text);
  const BatchShape shape{448, 9};
  const at::Tensor packed = at::randn({PackedSize(shape)}).to(at::kInt);
  PackedBatch cpu = ViewOf(packed, shape);
  cpu.starts = PackInto(pointers, shape, packed);
  PackedBatch gpu = ViewOf(packed.to(device), shape);
  gpu.max_length = 512;

  at::manual_seed(5);
  const at::Tensor qkv = at::randn({shape.rows, 3 * hidden}, at::kFloat).to(type);
  const at::Tensor first = at::randn({shape.texts, hidden}, at::kFloat).to(type);
  const auto parts = qkv.to(at::kFloat).chunk(3, 1), gpu_parts = qkv.to(device).chunk(3, 1);
  const AttentionLayout layout(cpu, 0.0), gpu_layout(gpu, 0.0);
  const double bound = type == at::kFloat ? 1e-5 : 3e-2;
  const auto expect_near = [&](const at::Tensor& result, const at::Tensor& expected, int64_t rows) {
    ASSERT_EQ(result.sizes(), expected.sizes());
    const at::Tensor difference = result.cpu().to(at::kFloat) - expected;
    EXPECT_LT(difference.narrow(0, 0, rows).abs().max().item<double>(), bound) << type << " width " << width;
  };
  expect_near(gpu_layout.Attend(gpu_parts[0], gpu_parts[1], gpu_parts[2], kHeads),
              layout.Attend(parts[0], parts[1], parts[2], kHeads), cpu.tokens());
  expect_near(gpu_layout.Attend(first.to(device), gpu_parts[1], gpu_parts[2], kHeads),
              layout.Attend(first.to(at::kFloat), parts[1], parts[2], kHeads), 6);
}

TEST(CudaAttentionTest, MatchesTheCpuOnAGpu) {
  const auto device = ParseDevice("cuda:0");
  if (!device.ok()) GTEST_SKIP() << device.status().message();
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf}) {
    if (type == at::kBFloat16 && !CapabilitiesOf(*device).native_bf16) continue;
    // FlashAttention has no kernel for 60.
    for (const int64_t width : {64, 16, 60}) ExpectMatchesTheCpu(type, width, *device);
  }
}

}  // namespace
}  // namespace newsgenre
