#include "server/library_logs.h"

#include <string>

#include "common/base/json_log.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"

namespace newsgenre {
namespace {

// Logs every line as a warning, because what gRPC calls an error is often a caller's fault. The server logs
// its own errors itself.
void LogGrpc(gpr_log_func_args* args) { Log(Severity::kWarning, "grpc", {{"detail", args->message}}); }

// Protobuf logs bad messages only. Their senders receive an error; a line for each would let them fill a
// disk.
void DropProtobuf(google::protobuf::LogLevel, const char*, int, const std::string&) {}

}  // namespace

void RouteLibraryLogs() {
  gpr_set_log_function(LogGrpc);
  google::protobuf::SetLogHandler(DropProtobuf);
}

}  // namespace newsgenre
