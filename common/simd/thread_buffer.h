// Scratch memory that is allocated once per thread.
#pragma once

#include <cstdint>
#include <vector>

namespace newsgenre {

// Returns at least `count` values, uninitialized or left from an earlier call. The memory belongs to the
// calling thread and is valid until the thread's next call with the same User and T. `User` is any type; it
// distinguishes the buffers of different functions. A buffer never shrinks.
template <typename User, typename T>
T* ThreadBuffer(int64_t count) {
  thread_local std::vector<T> buffer;
  if (static_cast<int64_t>(buffer.size()) < count) buffer.resize(count);
  return buffer.data();
}

}  // namespace newsgenre
