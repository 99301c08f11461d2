// The log lines of gRPC and protobuf.
#pragma once

namespace newsgenre {

// Sends gRPC's log lines to Log, so that the whole log is JSON, and drops protobuf's. Must be called before
// any other thread runs.
void RouteLibraryLogs();

}  // namespace newsgenre
