# Precompiled headers. Most files take longer to read the headers of torch or GoogleMock than to compile, so precompiling
# them halves the time of a clean build. Every source still includes what it uses: the `tidy` preset compiles without
# precompiled headers.

# newsgenre_precompiled(NAME HEADERS header… LINK target… OPTIONS option…): precompiles headers for
# newsgenre_reuse_headers.
function(newsgenre_precompiled name)
  cmake_parse_arguments(arg "" "" "HEADERS;LINK;OPTIONS" ${ARGN})
  file(WRITE "${CMAKE_BINARY_DIR}/${name}.cc" "")
  add_library(${name} OBJECT "${CMAKE_BINARY_DIR}/${name}.cc")
  target_link_libraries(${name} PRIVATE newsgenre_options ${arg_LINK})
  target_compile_options(${name} PRIVATE ${arg_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  # ccache needs this to see what a precompiled header contains.
  target_compile_options(${name} PRIVATE "$<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>")
endfunction()

# newsgenre_reuse_headers(TARGET TORCH_HEADERS OTHER_HEADERS library…): lets TARGET, which links the libraries, use the
# precompiled headers TORCH_HEADERS if a library is or links LibTorch, and otherwise OTHER_HEADERS, which can be empty.
function(newsgenre_reuse_headers target torch_headers other_headers)
  set(links_torch FALSE)
  foreach(library ${ARGN})
    if(library STREQUAL "torch::torch")
      set(links_torch TRUE)
    elseif(TARGET ${library})
      get_target_property(inherited ${library} NEWSGENRE_LINKS_TORCH)
      if(inherited)
        set(links_torch TRUE)
      endif()
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES NEWSGENRE_LINKS_TORCH ${links_torch})
  if(links_torch)
    target_precompile_headers(${target} REUSE_FROM ${torch_headers})
  elseif(other_headers)
    target_precompile_headers(${target} REUSE_FROM ${other_headers})
  endif()
endfunction()

set(standard_headers <algorithm> <functional> <map> <memory> <string> <vector>)
set(test_headers ${standard_headers} <absl/status/statusor.h> <gmock/gmock.h>)
set(torch_headers <ATen/core/Tensor.h> <ATen/TensorOperators.h>)
# Tests are optimized less: they take longer to compile than to run.
set(NEWSGENRE_TEST_OPTIONS "$<$<CONFIG:Release>:-O1>")

newsgenre_precompiled(newsgenre_test_headers
  HEADERS ${test_headers} LINK GTest::gmock absl::statusor OPTIONS ${NEWSGENRE_TEST_OPTIONS})
if(NOT NEWSGENRE_ONLY_TORCH_FREE)
  newsgenre_precompiled(newsgenre_torch_headers HEADERS ${torch_headers} ${standard_headers} LINK torch::torch)
  newsgenre_precompiled(newsgenre_torch_test_headers
    HEADERS ${torch_headers} ${test_headers} LINK GTest::gmock absl::statusor torch::torch
    OPTIONS ${NEWSGENRE_TEST_OPTIONS})
endif()
