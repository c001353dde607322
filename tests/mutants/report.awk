# Sorts every mutant of the list by what became of it and says why the survivors do no harm.
# Usage: awk -f report.awk harmless.txt unviable.txt caught.txt timeout.txt list.txt

function base(path) { sub(/.*\//, "", path); return path }

# A mutant without its place in the file, which moves: "src/engine/mod.rs replace && with || in poll".
function key(line) { sub(/:[0-9]+:[0-9]+:/, "", line); return line }

base(FILENAME) == "harmless.txt" {
  if (/^$/ || /^#/) next
  if (/^  /) { sub(/^ */, ""); why[last] = why[last] (why[last] == "" ? "" : " ") $0 } else { last = $0; why[last] = "" }
  next
}
base(FILENAME) != "list.txt" { fate[$0] = base(FILENAME); next }
{
  file = $0
  sub(/:.*/, "", file)
  if (!(file in seen)) { seen[file] = 1; order[++files] = file }
  if (fate[$0] == "unviable.txt") { unviable[file]++; next }
  viable[file]++
  if (fate[$0] == "caught.txt" || fate[$0] == "timeout.txt") { caught[file]++; next }
  survivors[++count] = $0
}
END {
  printf "%-28s %8s %8s %8s\n", "file", "viable", "caught", "missed"
  for (n = 1; n <= files; n++) {
    file = order[n]
    v += viable[file]; c += caught[file]; u += unviable[file]
    printf "%-28s %8d %8d %8d\n", file, viable[file], caught[file], viable[file] - caught[file]
  }
  print ""
  for (n = 1; n <= count; n++) {
    k = key(survivors[n])
    print survivors[n]
    print "    " (why[k] == "" ? "NOT EXPLAINED" : why[k])
    if (why[k] == "") open++
  }
  printf "%smutants: viable %d, caught %d (%.1f %%), survivors %d, not explained %d; not compilable %d\n", \
    count ? "\n" : "", v, c, v ? 100 * c / v : 0, count, open, u
  exit (v == 0 || c < 0.9 * v || open > 0)
}
