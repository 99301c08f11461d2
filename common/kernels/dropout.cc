#include "common/kernels/dropout.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>

#include <cstdint>
#include <cstring>
#include <mutex>

#include "common/device/parallel.h"
#include "common/simd/cpu_instructions.h"

namespace newsgenre {
namespace {

uint64_t Draw() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

// The bits of `kept` or of zero, for each place from `begin` to `end` - 1. The hash is Wellons's lowbias32
// (2018, Prospecting for hash functions), with half of the seed before its first round and half before the
// second.
template <typename Bits>
__attribute__((always_inline)) inline void Fill(Bits* mask, int64_t begin, int64_t end, uint64_t seed,
                                                uint32_t dropped, Bits kept) {
  const auto low = static_cast<uint32_t>(seed), high = static_cast<uint32_t>(seed >> 32);
  for (int64_t i = begin; i < end; ++i) {
    uint32_t x = static_cast<uint32_t>(i) ^ low;
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x ^= high;
    x *= 0x846ca68bu;
    x ^= x >> 16;
    mask[i] = x < dropped ? Bits{0} : kept;
  }
}

#if defined(__x86_64__)
// The same, eight values at a time.
template <typename Bits>
NEWSGENRE_AVX2 void FillByAvx2(Bits* mask, int64_t begin, int64_t end, uint64_t seed, uint32_t dropped,
                               Bits kept) {
  Fill(mask, begin, end, seed, dropped, kept);
}
#endif

// `kept`: the bits of what isn't dropped.
template <typename Bits>
void FillAll(Bits* mask, int64_t count, double rate, Bits kept) {
  const uint64_t seed = Draw();
  const auto dropped = static_cast<uint32_t>(rate * 0x1p32);
  constexpr int64_t kGrain = 1 << 15;
  ParallelFor(count, kGrain, [=](int64_t begin, int64_t end) {
#if defined(__x86_64__)
    if (HasAvx2()) return FillByAvx2(mask, begin, end, seed, dropped, kept);
#endif
    Fill(mask, begin, end, seed, dropped, kept);
  });
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
    FillAll<uint16_t>(bits, mask.numel(), rate, c10::BFloat16(static_cast<float>(scale)).x);
  } else {
    const auto value = static_cast<float>(scale);
    uint32_t kept = 0;
    std::memcpy(&kept, &value, sizeof(kept));
    FillAll(reinterpret_cast<uint32_t*>(mask.mutable_data_ptr<float>()), mask.numel(), rate, kept);
  }
  return mask;
}

}  // namespace newsgenre
