#include "trainer/data/labelled_rows.h"

#include <ATen/Parallel.h>

#include <numeric>
#include <utility>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/data/predict_rows.h"

namespace newsgenre {

absl::StatusOr<LabelledRows> ReadLabelledRows(const std::string& file, const ReadingOptions& options,
                                              const RunControl& control) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file));
  NewsFormat format;
  format.labels = options.labels;
  BadRows bad(file);
  LabelledRows read;
  read.file = file;
  read.sha256 = Sha256(bytes);
  ASSIGN_OR_RETURN(read.rows, ParseGoodNews(bytes, file, format, &bad));
  RETURN_IF_ERROR(RemoveEmptyRows(options.encoder, options.threads, control.stop, &read.rows, &bad));
  RETURN_IF_ERROR(bad.ToStatus(options.max_bad_rows));
  if (read.rows.empty()) return absl::InvalidArgumentError(file + ": no good rows");
  if (bad.count() > 0) control.progress->Log("rows left out: " + bad.ToString());
  return read;
}

absl::StatusOr<ClassifiedRows> ClassifyRows(const Classifier& classifier, const LabelledRows& rows,
                                            const RunControl& control) {
  constexpr BatchBudget kBudget = {4096, 64};
  std::vector<int32_t> all(rows.rows.size());
  std::iota(all.begin(), all.end(), 0);
  absl::StatusOr<Dataset> data =
      EncodeRows(rows.rows, all, classifier.encoder(), at::get_num_threads(), control.stop);
  if (!data.ok()) return AddContext(data.status(), rows.file);
  size_t done = 0;
  const auto predict = [&](const RowBatch& batch) {
    std::vector<Encoding> texts;
    std::vector<const Encoding*> pointers;
    texts.reserve(batch.size());
    for (const int32_t row : batch) pointers.push_back(&texts.emplace_back(data->Text(row)));
    control.progress->UpdateCount("rows classified", done, all.size());
    done += batch.size();
    return classifier.Predict(pointers);
  };
  ClassifiedRows classified;
  ASSIGN_OR_RETURN(classified.probabilities, PredictRows(data->Lengths(), kBudget, predict, control.stop));
  classified.data = *std::move(data);
  return classified;
}

}  // namespace newsgenre
