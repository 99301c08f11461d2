#include "tests/bench/load_generator/grpc_target.h"

#include <utility>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "inference/kserve.pb.h"
#include "newsgenre/v1/classifier.pb.h"

namespace newsgenre {
namespace {

using ByteBuffer = grpc::ByteBuffer;

constexpr int kConnections = 4;

ByteBuffer Serialize(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return ByteBuffer(&slice, 1);
}

absl::Status Parse(ByteBuffer* bytes, google::protobuf::Message* message) {
  grpc::Slice slice;
  const bool parsed = bytes->DumpToSingleSlice(&slice).ok() &&
                      message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
  return parsed ? absl::OkStatus() : absl::InternalError("the response is not a " + message->GetTypeName());
}

ByteBuffer EncodeClassify(const std::string& text) {
  v1::ClassifyRequest request;
  request.set_text(text);
  return Serialize(request);
}

absl::Status CheckClassify(ByteBuffer* bytes) {
  v1::ClassifyResponse response;
  absl::Status status = Parse(bytes, &response);
  if (status.ok() && response.label().empty()) status = absl::InternalError("the response has no label");
  return status;
}

// Encodes a BYTES tensor [1, 1] named "text" for a model named "classifier". In Triton's and KServe's raw
// form an element is its length, as four little-endian bytes, and its bytes.
ByteBuffer EncodeModelInfer(const std::string& text) {
  inference::ModelInferRequest request;
  request.set_model_name("classifier");
  auto* input = request.add_inputs();
  input->set_name("text");
  input->set_datatype("BYTES");
  input->add_shape(1);
  input->add_shape(1);
  std::string raw;
  for (int shift = 0; shift < 32; shift += 8) raw += static_cast<char>(text.size() >> shift & 0xff);
  request.add_raw_input_contents(raw + text);
  return Serialize(request);
}

absl::Status CheckModelInfer(ByteBuffer* bytes) {
  inference::ModelInferResponse response;
  absl::Status status = Parse(bytes, &response);
  if (status.ok() && (response.raw_output_contents_size() == 0 || response.raw_output_contents(0).empty())) {
    status = absl::InternalError("the response has no output");
  }
  return status;
}

}  // namespace

GrpcMethod NewsgenreMethod() {
  return {"/newsgenre.v1.ClassifierService/Classify", EncodeClassify, CheckClassify};
}

GrpcMethod TritonMethod() {
  return {"/inference.GRPCInferenceService/ModelInfer", EncodeModelInfer, CheckModelInfer};
}

// A call without a response. Its address is its tag in the completion queue.
struct GrpcTarget::Pending {
  size_t call;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<ByteBuffer>> reader;
  ByteBuffer response;
  grpc::Status status;
};

GrpcTarget::GrpcTarget(const std::string& address, GrpcMethod method, const std::vector<std::string>& texts,
                       Listener* listener)
    : method_(std::move(method)), listener_(listener) {
  for (const std::string& text : texts) requests_.push_back(method_.encode(text));
  grpc::ChannelArguments arguments;
  // Gives each channel a connection; channels to the same address share one by default.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Turns off the pings that measure the bandwidth: the server would interrupt its model to answer them.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  for (int i = 0; i < kConnections; ++i) {
    const auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channel));
  }
  reader_ = std::thread([this] { ReadResponses(); });
}

GrpcTarget::~GrpcTarget() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    for (Pending* pending : pending_) pending->context.TryCancel();
    queue_.Shutdown();
  }
  reader_.join();
}

void GrpcTarget::Send(size_t call, size_t text) {
  MutexLock lock(&mutex_);
  if (stopping_) return;  // a queue that is shut down accepts no calls
  auto* pending = new Pending;
  pending_.insert(pending);
  pending->call = call;
  grpc::GenericStub& stub = *stubs_[call % stubs_.size()];
  pending->reader = stub.PrepareUnaryCall(&pending->context, method_.name, requests_[text], &queue_);
  pending->reader->StartCall();
  pending->reader->Finish(&pending->response, &pending->status, pending);
}

bool GrpcTarget::Remove(Pending* pending) {
  MutexLock lock(&mutex_);
  pending_.erase(pending);
  return !stopping_;
}

void GrpcTarget::ReadResponses() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    const std::unique_ptr<Pending> pending(static_cast<Pending*>(tag));
    if (!Remove(pending.get())) continue;
    const grpc::Status& status = pending->status;
    listener_->OnFinished(pending->call,
                          status.ok() ? method_.check(&pending->response)
                                      : absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                                                     status.error_message()));
  }
}

}  // namespace newsgenre
