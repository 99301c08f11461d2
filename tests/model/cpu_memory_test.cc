#include "common/model/cpu_memory.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

class CpuMemoryTest : public testing::Test {
 protected:
  CpuMemoryTest() { KeepCpuMemory(); }
};

at::Tensor Bytes(int64_t count, int value = 0) {
  return at::full({count}, value, at::TensorOptions(at::kByte));
}

TEST_F(CpuMemoryTest, NoTwoTensorsOverlap) {
  std::vector<at::Tensor> tensors;
  for (int64_t bytes = 1; bytes < 600; ++bytes)
    tensors.push_back(Bytes(bytes, static_cast<int>(bytes % 251)));
  for (int64_t power = 10; power <= 23; ++power) {
    for (const int64_t offset : {-1, 0, 1}) {
      const int64_t bytes = (int64_t{1} << power) + offset;
      tensors.push_back(Bytes(bytes, static_cast<int>(bytes % 251)));
    }
  }
  for (const at::Tensor& tensor : tensors) {
    const auto* const begin = tensor.const_data_ptr<uint8_t>();
    const int64_t bytes = tensor.size(0);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(begin) % 64, 0u);
    EXPECT_EQ(std::count(begin, begin + bytes, static_cast<uint8_t>(bytes % 251)), bytes);
  }
}

TEST_F(CpuMemoryTest, WhatGoesIsUsedAgain) {
  for (const int64_t bytes : {100, 5000, 700'000, 9'000'000}) {
    at::Tensor tensor = Bytes(bytes);
    const void* const place = tensor.data_ptr();
    tensor.reset();
    EXPECT_EQ(Bytes(bytes + 10).data_ptr(), place) << bytes << " bytes";
  }
}

TEST_F(CpuMemoryTest, AThreadLeavesItsMemoryToOthers) {
  constexpr int64_t kBytes = 3'000'000;
  const void* place = nullptr;
  std::thread([&] { place = Bytes(kBytes).data_ptr(); }).join();
  std::set<const void*> places;
  std::vector<at::Tensor> tensors;
  std::thread([&] {
    for (int i = 0; i < 8; ++i) places.insert(tensors.emplace_back(Bytes(kBytes)).data_ptr());
  }).join();
  EXPECT_EQ(places.count(place), 1u);
}

TEST_F(CpuMemoryTest, NothingNeedsNoMemory) {
  EXPECT_EQ(at::empty({0}).numel(), 0);
  EXPECT_EQ(at::empty({0}).data_ptr(), nullptr);
}

}  // namespace
}  // namespace newsgenre
