// Functions that fill in and write a report.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "trainer/data/dataset.h"
#include "trainer/data/labelled_rows.h"
#include "trainer/report/evaluate.h"
#include "trainer/report/report.h"

namespace newsgenre {

// Sets the mistakes of the report to the most confident ones. `probabilities` are those of the texts in
// `data`, which were encoded from `rows`.
void ReportMistakes(const LabelledRows& rows, const Dataset& data, const ProbabilityRows& probabilities,
                    Report* report);

// Sets the report's test metrics and mistakes.
void ReportTest(const LabelledRows& rows, const ClassifiedRows& classified, Report* report);

// Returns the CPU seconds that all threads of this process have used.
double CpuSeconds();

// Writes report.json, report.md and report.html into `folder`.
absl::Status WriteReport(const std::string& folder, const Report& report);

}  // namespace newsgenre
