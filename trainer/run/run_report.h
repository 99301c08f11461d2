// Fills a report and writes it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "trainer/data/dataset.h"
#include "trainer/data/labelled_rows.h"
#include "trainer/report/evaluate.h"
#include "trainer/report/report.h"

namespace newsgenre {

// The most confident mistakes among `probabilities` of the texts `data`, which were encoded from `rows`.
void ReportMistakes(const LabelledRows& rows, const Dataset& data, const ProbabilityRows& probabilities,
                    Report* report);

// The test: its metrics and its mistakes.
void ReportTest(const LabelledRows& rows, const ClassifiedRows& classified, Report* report);

// Seconds of CPU that this process has taken, on all its threads.
double CpuSeconds();

// FOLDER/report.json, report.md and report.html.
absl::Status WriteReport(const std::string& folder, const Report& report);

}  // namespace newsgenre
