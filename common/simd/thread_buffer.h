// Memory for what a function needs while it runs, without an allocation each time.
#pragma once

#include <cstdint>
#include <vector>

namespace newsgenre {

// At least `count` values that are the calling thread's, until it asks for those of the same User again.
// `User`: any type of the function's own. The memory stays with the thread, as much as it has ever asked for.
template <typename User, typename T>
T* ThreadBuffer(int64_t count) {
  thread_local std::vector<T> buffer;
  if (static_cast<int64_t>(buffer.size()) < count) buffer.resize(count);
  return buffer.data();
}

}  // namespace newsgenre
