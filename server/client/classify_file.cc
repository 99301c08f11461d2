#include "server/client/classify_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <utility>

#include "common/base/status_macros.h"
#include "server/client/ordered_writer.h"
#include "server/client/progress.h"
#include "server/client/result_line.h"

namespace newsgenre {
namespace {

// OK, or what errno says: the caller sets it to 0 before it writes.
absl::Status StateOf(const std::ostream& stream) {
  if (stream.good()) return absl::OkStatus();
  return absl::UnknownError(errno == 0 ? "unknown reason" : std::strerror(errno));
}

}  // namespace

absl::StatusOr<std::vector<NewsRow>> ReadRows(const std::string& path, const v1::GetModelResponse& model) {
  NewsFormat format;
  format.labels.assign(model.labels().begin(), model.labels().end());
  format.labels_required = false;
  return ReadNews(path, format);
}

absl::StatusOr<FileSummary> ClassifyRows(const Connection& connection, const std::vector<NewsRow>& rows,
                                         const CallOptions& options, std::ostream* out,
                                         std::ostream* progress) {
  FileSummary summary;
  OrderedWriter writer(out);
  ProgressBar bar(progress, rows.size());
  const auto request_of = [&](size_t index) {
    v1::ClassifyRequest request;
    request.set_title(rows[index].title);
    request.set_body(rows[index].body);
    return request;
  };
  const auto sink = [&](size_t index, absl::StatusOr<v1::ClassifyResponse> result) {
    ++summary.texts;
    const auto& known = rows[index].label;
    if (!result.ok()) {
      ++summary.failed;
    } else if (known.has_value()) {
      summary.accuracy.Add(connection.model.labels(*known), result->label());
    }
    bar.Advance();
    errno = 0;
    writer.Write(index, ResultLine(result) + "\n");
    return StateOf(*out);
  };
  RETURN_IF_ERROR(ClassifyAll(connection.stub.get(), rows.size(), request_of, options, sink));
  errno = 0;
  out->flush();
  RETURN_IF_ERROR(StateOf(*out));
  return summary;
}

absl::StatusOr<FileSummary> ClassifyFile(const Connection& connection, const std::vector<NewsRow>& rows,
                                         const CallOptions& options, const std::string& output,
                                         std::ostream* progress) {
  std::ofstream file;
  if (output != "-") {
    errno = 0;
    file.open(output, std::ios::binary);
    RETURN_IF_ERROR(AddContext(StateOf(file), "can't open " + output));
  }
  std::ostream* out = output == "-" ? &std::cout : &file;
  absl::StatusOr<FileSummary> summary = ClassifyRows(connection, rows, options, out, progress);
  if (!summary.ok()) {
    return AddContext(summary.status(), "can't write " + (output == "-" ? "standard output" : output));
  }
  return summary;
}

}  // namespace newsgenre
