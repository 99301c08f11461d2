#include "server/client/classify_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <utility>

#include "server/client/ordered_writer.h"
#include "server/client/progress.h"
#include "server/client/result_line.h"

namespace newsgenre {
namespace {

absl::Status FileError(const std::string& what, const std::string& path) {
  const int error = errno;
  return absl::UnknownError("can't " + what + " " + path + (error == 0 ? "" : ": ") +
                            (error == 0 ? "" : std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::vector<NewsRow>> ReadRows(const std::string& path, const v1::GetModelResponse& model) {
  NewsFormat format;
  format.labels.assign(model.labels().begin(), model.labels().end());
  format.labels_required = false;
  return ReadNews(path, format);
}

FileSummary ClassifyRows(const Connection& connection, const std::vector<NewsRow>& rows,
                         const CallOptions& options, std::ostream* out, std::ostream* progress) {
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
    writer.Write(index, ResultLine(result) + "\n");
    bar.Advance();
  };
  ClassifyAll(connection.stub.get(), rows.size(), request_of, options, sink);
  return summary;
}

absl::StatusOr<FileSummary> ClassifyFile(const Connection& connection, const std::vector<NewsRow>& rows,
                                         const CallOptions& options, const std::string& output,
                                         std::ostream* progress) {
  if (output == "-") {
    const FileSummary summary = ClassifyRows(connection, rows, options, &std::cout, progress);
    if (!std::cout.flush()) return FileError("write to", "standard output");
    return summary;
  }
  errno = 0;
  std::ofstream file(output, std::ios::binary);
  if (!file) return FileError("open", output);
  const FileSummary summary = ClassifyRows(connection, rows, options, &file, progress);
  errno = 0;
  file.close();
  if (!file) return FileError("write", output);
  return summary;
}

}  // namespace newsgenre
