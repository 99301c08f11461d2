#include "server/server.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "server/rpc/request_checks.h"

namespace newsgenre {
namespace {

Batcher::Options BatcherOptions(const ServerConfig& config) {
  Batcher::Options options;
  options.workers = 0;  // Serve adds them
  options.max_queue_texts = config.max_queue_texts;
  return options;
}

}  // namespace

Server::Server(const ServerConfig& config)
    : config_(config),
      batcher_(BatcherOptions(config), &metrics_),
      text_classifier_(config.limits, &models_, &batcher_),
      classifier_service_(&text_classifier_,
                          {metrics_.AddMethod("Classify"), metrics_.AddMethod("BatchClassify"),
                           metrics_.AddMethod("GetModel")}) {}

Server::~Server() { Stop(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerConfig& config) {
  auto server = absl::WrapUnique(new Server(config));
  RETURN_IF_ERROR(server->Listen());
  Log(Severity::kInfo, "listening",
      {{"address", config.address},
       {"port", server->port()},
       {"metrics_address", config.metrics_address},
       {"metrics_port", server->metrics_port()}});
  return server;
}

absl::Status Server::Listen() {
  ASSIGN_OR_RETURN(metrics_endpoint_,
                   MetricsEndpoint::Start(config_.metrics_address, metrics_.collectables()));
  metrics_port_ = metrics_endpoint_->port();

  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(config_.address, grpc::InsecureServerCredentials(), &port_);
  // With port reuse, a second server could start on this port and take half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Turns off the pings that probe the connection's bandwidth, because they interrupt the model's threads.
  // Large messages do not need them: gRPC widens the flow control window once it knows a message's size.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.SetMaxReceiveMessageSize(MaxReceiveBytes(config_.limits));
  builder.RegisterService(&health_);
  builder.RegisterService(&classifier_service_);
  grpc_server_ = builder.BuildAndStart();
  if (grpc_server_ == nullptr || port_ == 0) {
    return absl::UnavailableError("can't listen on address " + config_.address +
                                  ": it is in use or not an address of this machine");
  }
  return absl::OkStatus();
}

absl::Status Server::Serve(std::shared_ptr<const Model> model) {
  batcher_.AddWorkers(config_.model.workers > 0 ? config_.model.workers : model->info().workers);
  RETURN_IF_ERROR(AddContext(WarmUp(*model), "warming up model " + model->info().version));
  const ModelInfo& info = model->info();
  models_.Replace(metrics_.Instrument(std::move(model)));
  health_.SetServing();
  Log(Severity::kInfo, "serving",
      {{"version", NEWSGENRE_VERSION},
       {"model_version", info.version},
       {"device", info.device},
       {"precision", info.precision},
       {"port", port_},
       {"metrics_port", metrics_port_}});
  return absl::OkStatus();
}

// Runs a short text and the longest one on every worker, because a model's first batches are slow: threads
// start and kernels are chosen by size.
absl::Status Server::WarmUp(const Model& model) {
  std::string longest;
  for (int i = 0; i < model.info().max_tokens; ++i) longest += "news ";
  std::vector<Encoding> texts(2);
  ASSIGN_OR_RETURN(texts[0], model.Encode("news"));
  ASSIGN_OR_RETURN(texts[1], model.Encode(longest));
  return batcher_.WarmUp(model, texts);
}

void Server::Stop() {
  health_.Stop();
  // Blocks until the last call is answered, so the workers must still run.
  if (grpc_server_ != nullptr) {
    grpc_server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(config_.drain_seconds));
  }
  batcher_.Drain();
  metrics_endpoint_.reset();
}

}  // namespace newsgenre
