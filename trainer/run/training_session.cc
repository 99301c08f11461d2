#include "trainer/run/training_session.h"

#include <utility>

#include "absl/memory/memory.h"
#include "common/base/status_macros.h"
#include "common/device/machine.h"
#include "trainer/run/run_report.h"

namespace newsgenre {
namespace {

absl::Status DescribeContext(const RunConfig& config, const RunContext& context, Report* report) {
  ASSIGN_OR_RETURN(const Machine machine, DescribeMachine(context.device.str()));
  report->version = context.start.version;
  report->device = context.device.str();
  report->precision = context.precision_name();
  report->processor = machine.description;
  report->threads = context.threads;
  report->recipe = config.recipe;
  // The run's earlier processes; FinishReport adds this one.
  report->seconds = context.start.seconds;
  report->cpu_seconds = context.start.cpu_seconds;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingSession>> TrainingSession::Open(const RunConfig& config,
                                                                       const std::string& version,
                                                                       const RunControl& control) {
  auto session = absl::WrapUnique(new TrainingSession(config, control));
  ASSIGN_OR_RETURN(session->context_, PrepareContext(config, version, control.progress));
  RETURN_IF_ERROR(DescribeContext(config, session->context_, &session->report_));
  return session;
}

absl::StatusOr<TrainingSetup> TrainingSession::Prepare(const Albert& model, std::vector<int32_t> lengths,
                                                       const OptimizerConfig& optimizer,
                                                       std::map<std::string, std::string> inputs) {
  auto network = std::make_unique<TrainingNetwork>(model, context_.device, context_.type());
  RETURN_IF_ERROR(CheckRunIdentity(config_, *network, std::move(inputs), &context_, control_.progress));
  report_.kernels = network->kernels();
  report_.parameters = network->parameters().count();
  RunPlan plan(std::move(lengths), {optimizer.batch_tokens, optimizer.batch_texts}, optimizer.epochs,
               config_.seed);
  TrainingInfo info;
  info.version = report_.version;
  info.device = report_.device;
  info.precision = report_.precision;
  info.epochs = optimizer.epochs;
  info.steps = plan.steps();
  ASSIGN_OR_RETURN(std::unique_ptr<TrainingWatch> watch,
                   TrainingWatch::Start(config_.model_dir + "/tensorboard/" + info.version,
                                        config_.metrics_address, info));
  if (watch->port() > 0) control_.progress->Log("metrics", {{"port", watch->port()}});
  return TrainingSetup{std::move(network), std::move(plan), std::move(watch)};
}

RunHooks TrainingSession::Hooks(const TrainingSetup& setup) const {
  RunHooks hooks;
  hooks.progress = control_.progress;
  hooks.observer = setup.watch.get();
  hooks.states = context_.states.get();
  return hooks;
}

absl::Status TrainingSession::FinishReport() {
  report_.seconds += SecondsSince(start_);
  report_.cpu_seconds += CpuSeconds();
  return WriteReport(config_.model_dir, report_);
}

}  // namespace newsgenre
