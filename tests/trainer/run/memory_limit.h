// Simulates a lack of memory on the CPU, for tests.
#pragma once

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <cstddef>
#include <limits>

namespace newsgenre {

// While an object exists, torch can't allocate more than `bytes` at once: it throws c10::OutOfMemoryError, as
// on a GPU, or c10::Error with the message of torch's allocator for the CPU. Only one instance can exist at a
// time.
class MemoryLimit : public c10::Allocator {
 public:
  enum class Error { kOutOfMemoryError, kMessage };
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();

  explicit MemoryLimit(size_t bytes, Error error = Error::kOutOfMemoryError)
      : bytes_(bytes), error_(error), real_(*c10::GetCPUAllocator()) {
    c10::SetCPUAllocator(this, kPriority);
  }
  ~MemoryLimit() override { c10::SetCPUAllocator(&real_, kPriority); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  c10::DataPtr allocate(size_t bytes) override {
    if (bytes > bytes_ && error_ == Error::kOutOfMemoryError) {
      TORCH_CHECK_WITH(OutOfMemoryError, false, "tried to allocate ", bytes, " bytes");
    }
    TORCH_CHECK(bytes <= bytes_, "DefaultCPUAllocator: can't allocate memory: you tried to allocate ", bytes,
                " bytes. Error code 12 (Cannot allocate memory)");
    return real_.allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return real_.raw_deleter(); }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    real_.copy_data(to, from, bytes);
  }

 private:
  // Above the priority of torch's default allocator.
  static constexpr uint8_t kPriority = 1;

  const size_t bytes_;
  const Error error_;
  c10::Allocator& real_;
};

}  // namespace newsgenre
