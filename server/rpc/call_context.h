// What the batcher needs to know about the call that a text belongs to.
#pragma once

#include <functional>

#include "server/batching/job.h"

namespace newsgenre {

struct CallContext {
  Job::Clock::time_point deadline = Job::Clock::time_point::max();
  // See Job::cancelled. Can be called until the call is answered.
  std::function<bool()> cancelled;
};

}  // namespace newsgenre
