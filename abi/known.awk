# What a dump of abidw has, a fact a line: `last STRUCT FIELD`, `at STRUCT FIELD BIT`, `size STRUCT BITS`,
# and `has NAME` for each function and number.

function value(of) {
  match($0, of "='[^']*'")
  return substr($0, RSTART + length(of) + 2, RLENGTH - length(of) - 3)
}

/<class-decl / { struct = value("name"); last = ""; if (/size-in-bits/) print "size", struct, value("size-in-bits") }
/<data-member / { bit = value("layout-offset-in-bits") }
/<var-decl / && struct { last = value("name"); print "at", struct, last, bit }
/<\/class-decl>/ { if (last) print "last", struct, last; struct = "" }
/<enumerator / || /<elf-symbol / { print "has", value("name") }
