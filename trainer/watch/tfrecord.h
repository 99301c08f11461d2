// The record format of TensorBoard's event files.
#pragma once

#include <string>
#include <string_view>

namespace newsgenre {

// Returns `data` as one record of a TFRecord file: the length (8 bytes), its masked CRC-32C (4 bytes), the
// data and the data's masked CRC-32C (4 bytes), all integers little-endian
// (https://www.tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format details"). Pure.
std::string TfRecord(std::string_view data);

}  // namespace newsgenre
