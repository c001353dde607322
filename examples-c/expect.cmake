# cmake -DPROGRAM=… -DEXPECTED=… -P expect.cmake: runs PROGRAM; the first two words of its lines are, account by
# account, those of EXPECTED. How the lines of two accounts mix is not fixed.
execute_process(COMMAND ${PROGRAM} expect.wav OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${result}:\n${output}")
endif()
file(READ ${EXPECTED} expected)
foreach(account alice bob)
  foreach(text output expected)
    string(REGEX MATCHALL "${account} [a-z_()]+" ${text}_lines "${${text}}")
  endforeach()
  # A sentence may name an account, too: events only.
  list(FILTER output_lines INCLUDE REGEX "^${account} (on_|done)")
  if(NOT output_lines STREQUAL expected_lines)
    message(FATAL_ERROR "${account}: expected\n  ${expected_lines}\nbut came\n  ${output_lines}")
  endif()
endforeach()
