#include "common/inference/execution_path.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "common/inference/cuda_forward.h"
#include "common/inference/deviation.h"
#include "common/inference/network.h"

namespace newsgenre {
namespace {

absl::Status BuildPlainPath(const Albert& model, ExecutionPath* path) {
  path->forward = std::make_shared<const PlainForward>(model);
  return absl::OkStatus();
}

absl::Status BuildNetworkPath(const Albert& model, const ClassifierOptions& options, bool graphs,
                              ExecutionPath* path) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Network> network,
                   MakeNetwork(model, path->precision, options.kernels));
  path->kernels = network->kernels();
  if (!network->device().is_cuda()) {
    path->forward = std::make_shared<const NetworkForward>(network);
    return absl::OkStatus();
  }
  CudaForwardOptions cuda;
  cuda.max_length = model.config().max_position_embeddings;
  cuda.executors = options.workers;
  cuda.graphs = graphs;
  ASSIGN_OR_RETURN(path->forward, MakeCudaForward(network, cuda));
  return absl::OkStatus();
}

absl::StatusOr<ExecutionPath> BuildAndCheck(const ExecutionPathCandidate& candidate,
                                            const DeviationCheck& check) {
  ExecutionPath path;
  path.name = candidate.name;
  path.precision = candidate.precision;
  RETURN_IF_ERROR(candidate.build(&path));
  const auto predict = [&](const std::vector<const Encoding*>& batch) {
    return Predict(*path.forward, batch);
  };
  ASSIGN_OR_RETURN(const ProbabilityRows rows, PredictAloneAndTogether(predict, check.texts));
  path.deviation = LargestDeviation(rows, check.expected);
  const double tolerance = Tolerance(path.precision);
  if (path.deviation <= tolerance) return path;
  return absl::FailedPreconditionError(absl::StrFormat(
      "a probability differs by %.2g from the plain fp32 path on the CPU; the limit for %s is %g",
      path.deviation, std::string(PrecisionName(path.precision)), tolerance));
}

}  // namespace

std::vector<ExecutionPathCandidate> CandidatesFor(const Albert& model, Precision precision,
                                                  const ClassifierOptions& options) {
  std::vector<ExecutionPathCandidate> candidates;
  if (model.device().is_cuda() && options.path == ServingPath::kBest) {
    candidates.push_back({"graphs", precision, [=](ExecutionPath* path) {
                            return BuildNetworkPath(model, options, /*graphs=*/true, path);
                          }});
  }
  if (options.path != ServingPath::kPlain) {
    candidates.push_back({"engine", precision, [=](ExecutionPath* path) {
                            return BuildNetworkPath(model, options, /*graphs=*/false, path);
                          }});
  }
  candidates.push_back(
      {"plain", Precision::kFp32, [=](ExecutionPath* path) { return BuildPlainPath(model, path); }});
  return candidates;
}

absl::StatusOr<ExecutionPath> ChooseExecutionPath(const std::vector<ExecutionPathCandidate>& candidates,
                                                  const DeviationCheck& check) {
  absl::Status status = absl::InternalError("there is no execution path");
  for (const ExecutionPathCandidate& candidate : candidates) {
    absl::StatusOr<ExecutionPath> path = BuildAndCheck(candidate, check);
    if (path.ok()) return path;
    status = AddContext(path.status(), absl::StrCat("path ", candidate.name, " in ",
                                                    std::string(PrecisionName(candidate.precision))));
    Log(Severity::kWarning, "an execution path is refused",
        {{"path", candidate.name},
         {"precision", PrecisionName(candidate.precision)},
         {"reason", std::string(path.status().message())}});
  }
  return status;
}

}  // namespace newsgenre
