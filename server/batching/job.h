// A text on its way through the model.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/probabilities.h"
#include "common/text/tokenizer.h"
#include "server/models/model.h"

namespace newsgenre {

struct Job {
  using Clock = std::chrono::steady_clock;

  std::shared_ptr<const Model> model;  // the one that made `encoding`; all jobs of a batch have the same
  Encoding encoding;
  Clock::time_point deadline = Clock::time_point::max();
  // Whether the caller has gone; null where that is never known. Is called on any thread, under the
  // batcher's lock, until `done` is; must be quick.
  std::function<bool()> cancelled;
  // Called exactly once, on a finisher thread, under no lock: the probabilities, or DEADLINE_EXCEEDED,
  // CANCELLED or the model's error. Must neither throw nor block: other replies wait for it.
  std::function<void(absl::StatusOr<Probabilities>)> done;
  // When it was submitted; the batcher's.
  Clock::time_point submitted{};
};

}  // namespace newsgenre
