#include "server/client/connection.h"

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace newsgenre {

absl::Status ToAbslStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::StatusOr<Connection> Connect(const std::string& address, std::chrono::milliseconds timeout) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  Connection connection;
  connection.stub = v1::ClassifierService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  const grpc::Status status = connection.stub->GetModel(&context, v1::GetModelRequest(), &connection.model);
  if (status.ok()) return connection;
  if (channel->GetState(false) == GRPC_CHANNEL_READY) return ToAbslStatus(status);
  return absl::UnavailableError("no server answers at " + address + " (" + status.error_message() +
                                "); start newsgenre_server there, or give another --address=HOST:PORT");
}

}  // namespace newsgenre
