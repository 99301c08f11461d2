# Defines the third-party targets that the project links:
#   torch::torch  sentencepiece::sentencepiece  sentencepiece::train  gRPC::grpc++  protobuf::libprotobuf
#   prometheus-cpp::core  prometheus-cpp::pull  nlohmann_json::nlohmann_json  OpenSSL::Crypto  ICU::uc
#   LibLZMA::LibLZMA  absl::…  GTest::…

set(NEWSGENRE_DEPS "${CMAKE_SOURCE_DIR}/build/deps")
set(SENTENCEPIECE_ROOT "${NEWSGENRE_DEPS}/sentencepiece" CACHE PATH "folder with include/ and lib/ of sentencepiece 0.2.1")
set(LIBTORCH_ROOT "${NEWSGENRE_DEPS}/libtorch" CACHE PATH "folder with include/ and lib/ of LibTorch 2.11")

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(nlohmann_json REQUIRED)
find_package(GTest REQUIRED)

function(require_file path what)
  if(NOT EXISTS "${path}")
    message(FATAL_ERROR "${what} is missing: ${path} does not exist. Run deploy/install_dependencies.sh.")
  endif()
endfunction()

# --- sentencepiece: static libraries, which use the same protobuf as gRPC
require_file("${SENTENCEPIECE_ROOT}/lib/libsentencepiece.a" "sentencepiece (-DSENTENCEPIECE_ROOT)")
add_library(sentencepiece::sentencepiece STATIC IMPORTED)
set_target_properties(sentencepiece::sentencepiece PROPERTIES
  IMPORTED_LOCATION "${SENTENCEPIECE_ROOT}/lib/libsentencepiece.a"
  INTERFACE_INCLUDE_DIRECTORIES "${SENTENCEPIECE_ROOT}/include"
  INTERFACE_LINK_LIBRARIES "protobuf::libprotobuf;Threads::Threads")
add_library(sentencepiece::train STATIC IMPORTED)
set_target_properties(sentencepiece::train PROPERTIES
  IMPORTED_LOCATION "${SENTENCEPIECE_ROOT}/lib/libsentencepiece_train.a"
  INTERFACE_LINK_LIBRARIES sentencepiece::sentencepiece)

if(NEWSGENRE_ONLY_TORCH_FREE)
  return()
endif()

find_package(gRPC REQUIRED)
find_package(LibLZMA REQUIRED)
find_package(prometheus-cpp REQUIRED)

# --- LibTorch. Does not use find_package(Torch), which requires nvcc for a wheel and defines its own protobuf target.
# Uses -idirafter because the wheel's include folder contains the headers of another protobuf version.
require_file("${LIBTORCH_ROOT}/lib/libtorch_cpu.so" "LibTorch (-DLIBTORCH_ROOT)")
file(REAL_PATH "${LIBTORCH_ROOT}" torch_root)
add_library(torch::torch INTERFACE IMPORTED)
target_compile_options(torch::torch INTERFACE
  "SHELL:-idirafter \"${torch_root}/include\""
  "SHELL:-idirafter \"${torch_root}/include/torch/csrc/api/include\"")
target_link_libraries(torch::torch INTERFACE "${torch_root}/lib/libtorch_cpu.so" "${torch_root}/lib/libc10.so")
if(NEWSGENRE_CUDA)
  # No symbol refers to libtorch_cuda, which registers its kernels when it is loaded. The CUDA libraries that it needs can be
  # missing on a machine that only compiles.
  require_file("${torch_root}/lib/libtorch_cuda.so" "LibTorch with CUDA (-DLIBTORCH_ROOT)")
  # torch's CUDA headers call the CUDA runtime inline. Its headers and library are next to the wheel or in the CUDA toolkit.
  set(cuda_prefixes "${torch_root}/../nvidia/cu13" "${torch_root}" /usr/local/cuda)
  find_path(CUDA_RUNTIME_INCLUDE_DIR cuda_runtime_api.h HINTS ${cuda_prefixes} PATH_SUFFIXES include REQUIRED NO_DEFAULT_PATH)
  find_library(CUDA_RUNTIME_LIBRARY NAMES libcudart.so.13 cudart HINTS ${cuda_prefixes} PATH_SUFFIXES lib lib64 REQUIRED
    NO_DEFAULT_PATH)
  target_compile_options(torch::torch INTERFACE "SHELL:-idirafter \"${CUDA_RUNTIME_INCLUDE_DIR}\"")
  target_compile_definitions(torch::torch INTERFACE NEWSGENRE_CUDA=1)
  target_link_options(torch::torch INTERFACE -Wl,--unresolved-symbols=ignore-in-shared-libs)
  target_link_libraries(torch::torch INTERFACE
    -Wl,--no-as-needed "${torch_root}/lib/libtorch_cuda.so" "${torch_root}/lib/libc10_cuda.so" -Wl,--as-needed
    "${CUDA_RUNTIME_LIBRARY}")
endif()
