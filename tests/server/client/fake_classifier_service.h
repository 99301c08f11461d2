// A newsgenre server without a model, for tests of the client.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/base/mutex.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "newsgenre/v1/classifier.grpc.pb.h"

namespace newsgenre {

// Serves on a free port until destroyed. `respond` fills the response to a text, or returns an error. gRPC's
// threads call it concurrently.
class FakeClassifierService final : public v1::ClassifierService::Service {
 public:
  using Responder = std::function<grpc::Status(const std::string& text, v1::ClassifyResponse* response)>;

  explicit FakeClassifierService(Responder respond = RespondSports) : respond_(std::move(respond)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Responds with "Sports" at 0.7 and the three other labels at 0.1; the token count is the text's length.
  static grpc::Status RespondSports(const std::string& text, v1::ClassifyResponse* response) {
    for (const char* label : {"World", "Sports", "Business", "Sci/Tech"}) {
      v1::LabelProbability* entry = response->add_probabilities();
      entry->set_label(label);
      entry->set_probability(std::string(label) == "Sports" ? 0.7f : 0.1f);
    }
    response->set_label("Sports");
    response->set_model_version("fake-1");
    response->set_token_count(static_cast<int>(text.size()));
    return grpc::Status::OK;
  }

  grpc::Status Classify(grpc::ServerContext*, const v1::ClassifyRequest* request,
                        v1::ClassifyResponse* response) override {
    std::string text = request->text();
    if (text.empty()) text = request->title() + "|" + request->body();
    return respond_(text, response);
  }

  grpc::Status GetModel(grpc::ServerContext*, const v1::GetModelRequest*,
                        v1::GetModelResponse* response) override {
    response->set_version("fake-1");
    for (const char* label : {"World", "Sports", "Business", "Sci/Tech"}) response->add_labels(label);
    return grpc::Status::OK;
  }

 private:
  const Responder respond_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Counts the calls for each text. Thread-safe.
class CallCounter {
 public:
  // Adds a call for `text` and returns the number so far.
  int Count(const std::string& text) {
    MutexLock lock(&mutex_);
    return ++calls_[text];
  }

 private:
  Mutex mutex_;
  std::map<std::string, int> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace newsgenre
