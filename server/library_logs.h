// gRPC's and protobuf's own log lines.
#pragma once

namespace newsgenre {

// Sends them to Log, so that all that the program writes is JSON. Before any other thread runs.
void RouteLibraryLogs();

}  // namespace newsgenre
