#include "server/client/classify_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <utility>

#include "common/base/status_macros.h"
#include "server/client/result_writer.h"
#include "server/client/terminal.h"

namespace newsgenre {
namespace {

// Returns OK, or UNKNOWN with the text of errno, which the caller must set to 0 before it writes.
absl::Status StreamStatus(const std::ostream& stream) {
  if (stream.good()) return absl::OkStatus();
  return absl::UnknownError(errno == 0 ? "unknown reason" : std::strerror(errno));
}

}  // namespace

void AccuracyTally::Add(std::string_view known_label, std::string_view predicted_label) {
  ++total_;
  if (known_label == predicted_label) ++correct_;
}

std::string AccuracyTally::Summary() const {
  if (total_ == 0) return "";
  char percent[32];
  std::snprintf(percent, sizeof(percent), "%.2f",
                100.0 * static_cast<double>(correct_) / static_cast<double>(total_));
  return "accuracy " + std::string(percent) + " % (" + std::to_string(correct_) + " of " +
         std::to_string(total_) + " texts with a label)";
}

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
  const auto make_request = [&](size_t index) {
    v1::ClassifyRequest request;
    request.set_title(rows[index].title);
    request.set_body(rows[index].body);
    return request;
  };
  const auto on_result = [&](size_t index, absl::StatusOr<v1::ClassifyResponse> result) {
    ++summary.texts;
    const auto& known_label = rows[index].label;
    if (!result.ok()) {
      ++summary.failed;
    } else if (known_label.has_value()) {
      summary.accuracy.Add(connection.model.labels(*known_label), result->label());
    }
    bar.Advance();
    errno = 0;
    writer.Write(index, ResultLine(result) + "\n");
    return StreamStatus(*out);
  };
  RETURN_IF_ERROR(ClassifyAll(connection.stub.get(), rows.size(), make_request, options, on_result));
  errno = 0;
  out->flush();
  RETURN_IF_ERROR(StreamStatus(*out));
  return summary;
}

absl::StatusOr<FileSummary> ClassifyFile(const Connection& connection, const std::vector<NewsRow>& rows,
                                         const CallOptions& options, const std::string& output,
                                         std::ostream* progress) {
  std::ofstream file;
  if (output != "-") {
    errno = 0;
    file.open(output, std::ios::binary);
    RETURN_IF_ERROR(AddContext(StreamStatus(file), "can't open " + output));
  }
  std::ostream* out = output == "-" ? &std::cout : &file;
  absl::StatusOr<FileSummary> summary = ClassifyRows(connection, rows, options, out, progress);
  if (!summary.ok()) {
    return AddContext(summary.status(), "can't write " + (output == "-" ? "standard output" : output));
  }
  return summary;
}

}  // namespace newsgenre
