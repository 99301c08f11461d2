#include "server/client/classify_texts.h"

#include "server/client/result_writer.h"
#include "server/client/terminal.h"

namespace newsgenre {

size_t ClassifyTexts(const Connection& connection, const std::vector<std::string>& texts,
                     const CallOptions& options, std::ostream* out) {
  size_t failed = 0;
  OrderedWriter writer(out);
  const auto make_request = [&](size_t index) {
    v1::ClassifyRequest request;
    request.set_text(texts[index]);
    return request;
  };
  const auto on_result = [&](size_t index, absl::StatusOr<v1::ClassifyResponse> result) {
    if (!result.ok()) ++failed;
    const std::string& text = texts[index];
    const std::string block = result.ok() ? RenderTable(text, *result) : RenderFailure(text, result.status());
    writer.Write(index, (index == 0 ? "" : "\n") + block);
    return absl::OkStatus();
  };
  ClassifyAll(connection.stub.get(), texts.size(), make_request, options, on_result).IgnoreError();
  return failed;
}

}  // namespace newsgenre
