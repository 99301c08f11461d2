#include "server/client/classify_texts.h"

#include "server/client/ordered_writer.h"
#include "server/client/table.h"

namespace newsgenre {

size_t ClassifyTexts(const Connection& connection, const std::vector<std::string>& texts,
                     const CallOptions& options, std::ostream* out) {
  size_t failed = 0;
  OrderedWriter writer(out);
  const auto request_of = [&](size_t index) {
    v1::ClassifyRequest request;
    request.set_text(texts[index]);
    return request;
  };
  const auto sink = [&](size_t index, absl::StatusOr<v1::ClassifyResponse> result) {
    if (!result.ok()) ++failed;
    const std::string& text = texts[index];
    const std::string block = result.ok() ? RenderTable(text, *result) : RenderFailure(text, result.status());
    writer.Write(index, (index == 0 ? "" : "\n") + block);
    return absl::OkStatus();
  };
  ClassifyAll(connection.stub.get(), texts.size(), request_of, options, sink).IgnoreError();
  return failed;
}

}  // namespace newsgenre
