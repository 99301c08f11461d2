// The ways through the network that may serve, and which of them does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/inference/classifier.h"
#include "common/inference/deviation.h"
#include "common/inference/predict.h"
#include "common/kernels/kernel_choice.h"
#include "common/model/albert.h"

namespace newsgenre {

// A way that is ready to serve. A copy shares what it holds.
struct ReadyPath {
  Forward forward;
  std::vector<KernelChoice> kernels;  // where the way has a choice
  double drift = 0;                   // from the plain fp32 path on the CPU, where that was measured
};

struct PathCandidate {
  std::string name;  // "graphs", "engine", "plain"
  Precision precision = Precision::kFp32;
  std::function<absl::StatusOr<ReadyPath>()> make;
};

// From the fastest to the plainest, which is PlainForward and always there: on a GPU CUDA graphs and the
// engine call by call, on the CPU the engine; without those that options.path leaves out. `model` is on its
// device; the candidates hold it.
std::vector<PathCandidate> CandidatesFor(const Albert& model, Precision precision,
                                         const ClassifierOptions& options);

// What a path has to say of some texts.
struct DeviationCheck {
  std::vector<Encoding> texts;
  ProbabilityRows expected;  // a row a text: of the plain fp32 path on the CPU
};

struct ChosenPath {
  PathCandidate candidate;
  ReadyPath path;
};

// The first of `candidates` that can be made and keeps within Tolerance of what `check` expects, of each text
// alone and of all together. Each that is passed over is logged, with the reason; the last one's error where
// none is left.
absl::StatusOr<ChosenPath> ChoosePath(const std::vector<PathCandidate>& candidates,
                                      const DeviationCheck& check);

}  // namespace newsgenre
