#include "server/library_logs.h"

#include <string>

#include "common/base/json_log.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"

namespace newsgenre {
namespace {

// A warning, because what gRPC calls an error is often a caller's fault. Whatever fails here has a line of
// our own.
void LogGrpc(gpr_log_func_args* args) { Log(Severity::kWarning, "grpc", {{"detail", args->message}}); }

// Protobuf reports bad messages only, and whoever sent one is told: its lines would be a way to fill a disk.
void DropProtobuf(google::protobuf::LogLevel, const char*, int, const std::string&) {}

}  // namespace

void RouteLibraryLogs() {
  gpr_set_log_function(LogGrpc);
  google::protobuf::SetLogHandler(DropProtobuf);
}

}  // namespace newsgenre
