#include "common/model/cpu_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <new>

#include "common/base/mutex.h"

namespace newsgenre {
namespace {

constexpr size_t kAlignment = 64;  // torch's own
constexpr size_t kHugePage = 2 << 20;

// Sizes up to 256 bytes are rounded up to a multiple of kAlignment, larger ones to one of four between powers
// of two. More classes than any size needs.
constexpr int kClasses = 4 * 58;

struct SizeClass {
  int index = 0;
  size_t bytes = 0;
};

SizeClass ClassOf(size_t bytes) {
  int power = 6;
  size_t floor = 0, step = kAlignment;
  if (bytes > 4 * kAlignment) {
    power = 63 - __builtin_clzll(bytes - 1);  // 2^power < bytes <= 2^(power + 1)
    floor = size_t{1} << power;
    step = floor / 4;
  }
  const size_t steps = (bytes - floor + step - 1) / step;  // 1 … 4
  const int first = power == 6 ? 0 : 4 * (power - 7);
  return {first + static_cast<int>(steps) - 1, floor + steps * step};
}

// Stands before each block; as long as the alignment.
struct alignas(kAlignment) Header {
  int size_class = 0;
  Header* next = nullptr;  // while it waits
};

using Lists = std::array<Header*, kClasses>;

void Push(Header* block, Lists* lists) {
  block->next = (*lists)[block->size_class];
  (*lists)[block->size_class] = block;
}

// nullptr where there is none.
Header* Pop(int size_class, Lists* lists) {
  Header* const block = (*lists)[size_class];
  if (block != nullptr) (*lists)[size_class] = block->next;
  return block;
}

// Blocks of threads that have ended. Any thread.
class Leftovers {
 public:
  Header* Take(int size_class) {
    MutexLock lock(&mutex_);
    return Pop(size_class, &lists_);
  }
  void Add(Lists lists) {
    MutexLock lock(&mutex_);
    for (int i = 0; i < kClasses; ++i) {
      while (Header* const block = Pop(i, &lists)) Push(block, &lists_);
    }
  }

 private:
  Mutex mutex_;
  Lists lists_ ABSL_GUARDED_BY(mutex_){};
};

Leftovers& AllLeftovers() {
  static auto* const leftovers = new Leftovers;
  return *leftovers;
}

// A thread's own. What comes back after its destructor, when the thread ends, is lost.
struct Cache {
  Lists lists{};
  char* uncut = nullptr;  // of the huge page that blocks are cut from
  size_t uncut_bytes = 0;
  ~Cache() { AllLeftovers().Add(lists); }
};
thread_local Cache cache;

// As huge pages, where the system has them.
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
    if (cache.uncut_bytes < bytes) {  // the rest is lost
      cache.uncut = FromSystem(kHugePage);
      cache.uncut_bytes = kHugePage;
    }
    memory = cache.uncut;
    cache.uncut += bytes;
    cache.uncut_bytes -= bytes;
  }
  auto* const block = new (memory) Header;
  block->size_class = size.index;
  return block;
}

void Free(void* data) {
  if (data == nullptr) return;
  Push(static_cast<Header*>(data) - 1, &cache.lists);
}

class KeepingAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, nullptr, &Free, c10::Device(c10::DeviceType::CPU)};
    const SizeClass size = ClassOf(bytes);
    Header* block = Pop(size.index, &cache.lists);
    if (block == nullptr) block = AllLeftovers().Take(size.index);
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
  static const bool once = [] {
    c10::SetAllocator(c10::DeviceType::CPU, new KeepingAllocator, /*priority=*/1);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace newsgenre
