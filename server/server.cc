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

RequestLimits RequestLimitsOf(const ServerConfig& config) {
  return {config.max_text_bytes, config.max_batch_texts};
}

Batcher::Options BatcherOptionsOf(const ServerConfig& config) {
  Batcher::Options options;
  options.workers = 0;  // until a model says how many
  options.max_queue_texts = config.max_queue_texts;
  return options;
}

}  // namespace

Server::Server(const ServerConfig& config)
    : config_(config),
      batcher_(BatcherOptionsOf(config), &metrics_),
      classifier_(RequestLimitsOf(config), &models_, &batcher_,
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
  // Otherwise a second server on this port would start, and take half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // No pings that measure the connection: they and their answers interrupt the model's threads, and what a
  // large message needs gRPC allows for as soon as it knows its size.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.SetMaxReceiveMessageSize(MaxReceiveBytes(RequestLimitsOf(config_)));
  builder.RegisterService(&health_);
  builder.RegisterService(&classifier_);
  grpc_server_ = builder.BuildAndStart();
  if (grpc_server_ == nullptr || port_ == 0) {
    return absl::UnavailableError("can't listen on address " + config_.address +
                                  ": it is in use or not an address of this machine");
  }
  return absl::OkStatus();
}

absl::Status Server::Serve(std::shared_ptr<const Model> model) {
  batcher_.AddWorkers(config_.workers > 0 ? config_.workers : model->info().workers);
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

// The first batches of a model are slow (threads start, kernels are chosen by size). So a short text and the
// longest run before any that someone waits for, on every thread that will serve.
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
  // While the workers still run: it returns when the last call is answered.
  if (grpc_server_ != nullptr) {
    grpc_server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(config_.drain_seconds));
  }
  batcher_.Drain();
  metrics_endpoint_.reset();
}

}  // namespace newsgenre
