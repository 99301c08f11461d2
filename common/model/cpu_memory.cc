#include "common/model/cpu_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace newsgenre {
namespace {

constexpr size_t kAlignment = 64;  // torch's own
constexpr size_t kHugePage = 2 << 20;

// Sizes are rounded up to one of four in each power of two, at least kAlignment.
constexpr int kClasses = 4 * 48;

struct SizeClass {
  int index = 0;
  size_t bytes = 0;
};

SizeClass ClassOf(size_t bytes) {
  if (bytes <= 4 * kAlignment) {
    const size_t steps = bytes == 0 ? 1 : (bytes + kAlignment - 1) / kAlignment;
    return {static_cast<int>(steps) - 1, steps * kAlignment};
  }
  const int power = 63 - __builtin_clzll(bytes - 1);  // 2^power < bytes <= 2^(power + 1), or equal below
  const size_t step = size_t{1} << (power - 2);
  const size_t steps = (bytes - (size_t{1} << power) + step - 1) / step;  // 1 … 4
  return {4 * (power - 7) + static_cast<int>(steps) - 1, (size_t{1} << power) + steps * step};
}

// Stands before each block.
struct alignas(kAlignment) Header {
  int size_class = 0;
  Header* next = nullptr;  // while it waits
};

using Lists = std::array<Header*, kClasses>;

// Blocks of threads that have ended.
class Leftovers {
 public:
  Header* Take(int size_class) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Header* const block = lists_[size_class];
    if (block != nullptr) lists_[size_class] = block->next;
    return block;
  }
  void Add(const Lists& lists) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (int i = 0; i < kClasses; ++i) {
      for (Header* block = lists[i]; block != nullptr;) {
        Header* const next = block->next;
        block->next = lists_[i];
        lists_[i] = block;
        block = next;
      }
    }
  }

 private:
  std::mutex mutex_;
  Lists lists_{};
};

Leftovers& AllLeftovers() {
  static auto* const leftovers = new Leftovers;
  return *leftovers;
}

// A thread's own.
struct Cache {
  Lists lists{};
  char* free = nullptr;  // of the piece that small blocks are cut from
  size_t left = 0;
  ~Cache() { AllLeftovers().Add(lists); }
};
thread_local Cache cache;

char* FromSystem(size_t bytes) {
  const size_t rounded = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* const memory = std::aligned_alloc(kHugePage, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  madvise(memory, rounded, MADV_HUGEPAGE);
  return static_cast<char*>(memory);
}

Header* NewBlock(const SizeClass& size) {
  const size_t bytes = sizeof(Header) + size.bytes;
  char* memory = nullptr;
  if (bytes >= kHugePage / 2) {
    memory = FromSystem(bytes);
  } else {
    if (cache.left < bytes) {
      cache.free = FromSystem(kHugePage);
      cache.left = kHugePage;
    }
    memory = cache.free;
    cache.free += bytes;
    cache.left -= bytes;
  }
  auto* const block = new (memory) Header;
  block->size_class = size.index;
  return block;
}

void Free(void* data) {
  if (data == nullptr) return;
  Header* const block = static_cast<Header*>(data) - 1;
  block->next = cache.lists[block->size_class];
  cache.lists[block->size_class] = block;
}

class KeepingAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &Free, c10::Device(c10::DeviceType::CPU)};
    const SizeClass size = ClassOf(bytes);
    Header* block = cache.lists[size.index];
    if (block != nullptr) {
      cache.lists[size.index] = block->next;
    } else {
      block = AllLeftovers().Take(size.index);
    }
    if (block == nullptr) block = NewBlock(size);
    void* const data = block + 1;
    return {data, data, &Free, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Free; }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};

}  // namespace

void KeepCpuMemory() {
  if (getenv("NOKEEP")) return;
  static auto* const allocator = new KeepingAllocator;
  c10::SetAllocator(c10::DeviceType::CPU, allocator, /*priority=*/1);
}

}  // namespace newsgenre
