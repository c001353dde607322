# Makes a C file of the preprocessed header, of which gcc makes a library that abidw can read: each function gets a body,
# and each list of numbers a name and a function that takes it, for else the compiler forgets it.
#
# With `known` (a file that known.awk wrote) it leaves out what the baseline does not have and what the rules
# of docs/ABI.md let us add: functions, numbers, fields behind the last one of a struct that says its size.

BEGIN {
  print "#include <stddef.h>\n#include <stdint.h>"
  while (known && (getline line < known) > 0) {
    split(line, word, " ")
    if (word[1] == "last") last[word[2]] = word[3]
    else has[word[2]] = 1
  }
}

# Of a constant, a number of a list, a function.
function is_new(name) { return known && !(name in has) }

# `name` of `  type *name[4];` and of `  void (*name)(int x);`
function field(line) {
  if (match(line, /\(\*[a-z_0-9]+\)/)) return substr(line, RSTART + 2, RLENGTH - 3)
  match(line, /[a-z_0-9]+(\[[0-9]+\])?[;,]/)
  line = substr(line, RSTART, RLENGTH)
  sub(/[[;,].*/, "", line)
  return line
}

/^ *\/\*.*\*\/$/ { next }
/^ *\/\*/ { in_comment = 1 }
in_comment { if (/\*\//) in_comment = 0; next }

/^#define NERTC_CALLKIT_[A-Z]+ [0-9]+$/ && !/VERSION_NUMBER/ && !is_new("value_of_" $2) {
  macros = macros " value_of_" $2 " = " $3 ","
}

/^typedef u?int[0-9]+_t [a-z_]+;$/ { type = $3; sub(/;/, "", type) }
# A list of which every number is new is left out whole.
/^enum \{/ { in_list = 1; numbers = ""; next }
in_list && /^\};/ {
  if (numbers) { print "enum numbers_of_" type " {\n" numbers "};"; lists = lists " " type }
  in_list = 0
  next
}
in_list { if (!is_new($1)) numbers = numbers $0 "\n"; next }

{ if (/^typedef/) is_typedef = 1; else if (/^[a-z]/) is_typedef = 0 }
/^(typedef )?struct [a-z_]+ \{/ { struct = $1 == "typedef" ? $3 : $2; is_over = is_sized = 0 }
/^\}/ { struct = "" }
struct && /^  uint32_t struct_size;/ { is_sized = 1 }
struct && is_over { next }
struct && struct in last && is_sized && /^  [a-z]/ && field($0) == last[struct] { ends = 1 }
ends && /;$/ { is_over = 1; ends = 0 }

!struct && !/^typedef/ && /^[a-z]/ && match($0, /nertc_callkit_[a-z_0-9]+\(/) {
  is_left_out = is_new(substr($0, RSTART, RLENGTH - 1))
}
is_left_out { if (/;$/) is_left_out = 0; next }
!struct && !is_typedef && /\);$/ { sub(/;$/, " { __builtin_trap(); }") }
{ print }

END {
  print "enum macros {" macros " };\nvoid macros(enum macros *list) { (void)list; }"
  count = split(lists, types, " ")
  for (i = 1; i <= count; i++)
    printf "void numbers_of_%s(enum numbers_of_%s *list, %s one) { (void)list; (void)one; }\n",
      types[i], types[i], types[i]
}
