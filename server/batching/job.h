// A text to classify, from its submission to its result.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "common/text/probabilities.h"
#include "common/text/tokenizer.h"
#include "server/models/model.h"

namespace newsgenre {

struct Job {
  using Clock = std::chrono::steady_clock;

  std::shared_ptr<const Model> model;  // the model that made `encoding` and will run it
  Encoding encoding;
  Clock::time_point deadline = Clock::time_point::max();
  // Returns whether the caller has cancelled the call. Null if that is never known. Called until `done` is
  // called, on any thread, with the batcher's lock held; must be quick.
  std::function<bool()> cancelled;
  // Receives the probabilities, or DEADLINE_EXCEEDED, CANCELLED or the model's error. Called exactly once, on
  // a reply thread, with no lock held. Must neither throw nor block, because other replies wait for it.
  std::function<void(absl::StatusOr<Probabilities>)> done;
  // The time of submission. Set by the batcher.
  Clock::time_point submitted{};
};

}  // namespace newsgenre
