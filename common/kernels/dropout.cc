#include "common/kernels/dropout.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>

#include <cstdint>
#include <cstring>
#include <mutex>

#include "common/device/parallel.h"
#include "common/simd/select_kernel.h"

namespace newsgenre {

// The parameters of a mask. `Bits` is an unsigned integer of the size of the mask's values.
template <typename Bits>
struct MaskDraw {
  uint64_t seed;
  uint32_t dropped;  // a value is dropped if its 32-bit hash is below this
  Bits kept;         // the bits of a value that is kept
};

}  // namespace newsgenre

#define NEWSGENRE_SIMD_CODE "common/kernels/dropout.inc"
#define NEWSGENRE_SIMD_PORTABLE
#include "common/simd/for_each_simd.h"

namespace newsgenre {
namespace {

uint64_t DrawSeed() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

template <typename Bits>
void FillInParallel(Bits* mask, int64_t count, double rate, Bits kept) {
  const MaskDraw<Bits> draw = {DrawSeed(), static_cast<uint32_t>(rate * 0x1p32), kept};
  const auto fill = NEWSGENRE_SELECT_KERNEL(FillMask<Bits>, kAnyWidth, portable::FillMask<Bits>);
  constexpr int64_t kGrain = 1 << 15;
  ParallelFor(count, kGrain, [=](int64_t begin, int64_t end) { fill(mask, begin, end, draw); });
}

}  // namespace

at::Tensor DropoutMask(const at::Tensor& like, double rate) {
  const double scale = 1 / (1 - rate);
  if (!like.is_cpu()) {
    return at::rand(like.sizes(), like.options().dtype(at::kFloat))
        .ge(rate)
        .to(like.scalar_type())
        .mul_(scale);
  }
  const at::Tensor mask = at::empty(like.sizes(), like.options());
  if (mask.scalar_type() == at::kBFloat16) {
    auto* const bits = reinterpret_cast<uint16_t*>(mask.mutable_data_ptr<c10::BFloat16>());
    FillInParallel<uint16_t>(bits, mask.numel(), rate, c10::BFloat16(static_cast<float>(scale)).x);
  } else {
    const auto value = static_cast<float>(scale);
    uint32_t kept = 0;
    std::memcpy(&kept, &value, sizeof(kept));
    FillInParallel(reinterpret_cast<uint32_t*>(mask.mutable_data_ptr<float>()), mask.numel(), rate, kept);
  }
  return mask;
}

}  // namespace newsgenre
