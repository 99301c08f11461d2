// Writes event files for tensorboard_test.py.
//
//   write_scalars FOLDER FIRST_STEP LAST_STEP   writes "train/loss" as 1 / step, "train/accuracy" as 0
#include <cstdlib>
#include <iostream>

#include "trainer/watch/tensorboard_writer.h"

int main(int argc, char** argv) {
  if (argc != 4) return EXIT_FAILURE;
  const auto writer = newsgenre::TensorboardWriter::Open(argv[1]);
  absl::Status status = writer.status();
  for (int step = std::atoi(argv[2]); status.ok() && step <= std::atoi(argv[3]); ++step) {
    status = (*writer)->AddScalars(step, {{"train/loss", 1.0 / step}, {"train/accuracy", 0}});
  }
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? EXIT_SUCCESS : EXIT_FAILURE;
}
