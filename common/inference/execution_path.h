// The execution paths through the network that can serve, and the choice between them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/device/precision.h"
#include "common/inference/classifier.h"
#include "common/inference/predict.h"
#include "common/kernels/kernel_choice.h"
#include "common/model/albert.h"
#include "common/text/probabilities.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

// A path that is ready to serve. A copy shares the network.
struct ExecutionPath {
  std::string name;  // "graphs", "engine" or "plain"
  Precision precision = Precision::kFp32;
  std::shared_ptr<const Forward> forward;
  std::vector<KernelChoice> kernels;  // as in Network::kernels
  double deviation = 0;               // from the plain fp32 path on the CPU; 0 if not measured
};

// A path that is not built yet.
struct ExecutionPathCandidate {
  std::string name;
  Precision precision = Precision::kFp32;
  // Sets the path's `forward` and `kernels`.
  std::function<absl::Status(ExecutionPath*)> build;
};

// Returns the paths that `options` allows, the fastest first. On a GPU: CUDA graphs, then the network without
// graphs. On the CPU: the network. The last one is always the plain path. `model` is on its device; the
// candidates share it.
std::vector<ExecutionPathCandidate> CandidatesFor(const Albert& model, Precision precision,
                                                  const ClassifierOptions& options);

// The probabilities that a path must reproduce.
struct DeviationCheck {
  std::vector<Encoding> texts;
  ProbabilityRows expected;  // one row per text, by the plain fp32 path on the CPU
};

// Returns the first candidate that can be built and that stays within Tolerance of `check`, both with each
// text alone and with all texts in one batch. Logs each candidate that it refuses, with the reason. Returns
// the last one's error if it refuses all.
absl::StatusOr<ExecutionPath> ChooseExecutionPath(const std::vector<ExecutionPathCandidate>& candidates,
                                                  const DeviationCheck& check);

}  // namespace newsgenre
