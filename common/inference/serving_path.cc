#include "common/inference/serving_path.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "common/inference/cuda_forward.h"
#include "common/inference/engine.h"
#include "common/model/packed_batch.h"

namespace newsgenre {
namespace {

absl::StatusOr<ReadyPath> EnginePath(const Albert& model, Precision precision, int lanes, bool graphs) {
  ASSIGN_OR_RETURN(const Engine engine, Engine::Build(model, precision));
  if (engine.device().is_cuda()) {
    ASSIGN_OR_RETURN(Forward forward,
                     CudaForward(engine, {model.config().max_position_embeddings, lanes, graphs}));
    return ReadyPath{std::move(forward), engine.kernels()};
  }
  const auto forward = [engine](const std::vector<const Encoding*>& batch) {
    return engine.Logits(PackBatch(batch, engine.device()));
  };
  return ReadyPath{forward, engine.kernels()};
}

absl::StatusOr<ReadyPath> MakeAndCheck(const PathCandidate& candidate, const DeviationCheck& check) {
  ASSIGN_OR_RETURN(ReadyPath path, candidate.make());
  const auto predict = [&](const std::vector<const Encoding*>& batch) {
    return Predict(path.forward, batch);
  };
  ASSIGN_OR_RETURN(const ProbabilityRows answers, AnswersOf(predict, check.texts, /*together=*/true));
  path.drift = LargestDeviation(answers, check.expected);
  const double bound = Tolerance(candidate.precision);
  if (path.drift <= bound) return path;
  return absl::FailedPreconditionError(absl::StrFormat(
      "a probability is %.2g from that of the plain path in fp32 on the CPU; the limit for %s is %g",
      path.drift, std::string(PrecisionName(candidate.precision)), bound));
}

}  // namespace

std::vector<PathCandidate> CandidatesFor(const Albert& model, Precision precision,
                                         const ClassifierOptions& options) {
  const int workers = options.workers;
  const ServingPath path = options.path;
  std::vector<PathCandidate> candidates;
  const bool gpu = model.device().is_cuda();
  if (gpu && path == ServingPath::kBest) {
    candidates.push_back({"graphs", precision, [=] { return EnginePath(model, precision, workers, true); }});
  }
  if (path != ServingPath::kPlain) {
    candidates.push_back({"engine", precision, [=] { return EnginePath(model, precision, workers, false); }});
  }
  candidates.push_back({"plain", Precision::kFp32, [=]() -> absl::StatusOr<ReadyPath> {
                          return ReadyPath{PlainForward(model), {}};
                        }});
  return candidates;
}

absl::StatusOr<ChosenPath> ChoosePath(const std::vector<PathCandidate>& candidates,
                                      const DeviationCheck& check) {
  absl::Status status = absl::InternalError("no path through the network");
  for (const PathCandidate& candidate : candidates) {
    absl::StatusOr<ReadyPath> path = MakeAndCheck(candidate, check);
    if (path.ok()) return ChosenPath{candidate, *std::move(path)};
    status = AddContext(path.status(), absl::StrCat("path ", candidate.name, " in ",
                                                    std::string(PrecisionName(candidate.precision))));
    Log(Severity::kWarning, "a path through the network is refused",
        {{"path", candidate.name},
         {"precision", PrecisionName(candidate.precision)},
         {"reason", std::string(path.status().message())}});
  }
  return status;
}

}  // namespace newsgenre
