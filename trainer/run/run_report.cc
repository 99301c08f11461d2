#include "trainer/run/run_report.h"

#include <sys/resource.h>

#include <algorithm>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/text/clean_text.h"
#include "trainer/report/report_html.h"
#include "trainer/report/report_markdown.h"

namespace newsgenre {
namespace {

constexpr int64_t kMistakes = 20;

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// Returns the JSON text. Replaces bytes that are not UTF-8, which a file name can have.
std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

void ReportMistakes(const LabelledRows& rows, const Dataset& data, const ProbabilityRows& probabilities,
                    Report* report) {
  report->mistakes.clear();
  report->mistakes_file = rows.file;
  for (const Mistake& mistake : MostConfidentMistakes(probabilities, data.labels, kMistakes)) {
    const int64_t line = data.lines[mistake.row];
    const auto row = std::lower_bound(rows.rows.begin(), rows.rows.end(), line,
                                      [](const NewsRow& row, int64_t line) { return row.line < line; });
    ReportedMistake& reported = report->mistakes.emplace_back();
    reported.line = line;
    reported.text = CleanText(JoinTitleAndBody(row->title, row->body), kLatestCleaning);
    reported.label = mistake.label;
    reported.predicted = mistake.predicted;
    reported.confidence = mistake.confidence;
  }
}

void ReportTest(const LabelledRows& rows, const ClassifiedRows& classified, Report* report) {
  report->test = Evaluate(classified.probabilities, classified.data.labels);
  report->test_file = rows.file;
  ReportMistakes(rows, classified.data, classified.probabilities, report);
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

absl::Status WriteReport(const std::string& folder, const Report& report) {
  RETURN_IF_ERROR(WriteFileAtomic(folder + "/report.json", Dump(ReportJson(report))));
  RETURN_IF_ERROR(WriteFileAtomic(folder + "/report.md", ReportMarkdown(report)));
  return WriteFileAtomic(folder + "/report.html", ReportHtml(report));
}

}  // namespace newsgenre
