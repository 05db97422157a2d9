# SPDX-License-Identifier: BSD-3-Clause
# For the scripts of tests.yaml: makes applications of the programs in this folder.

# application NAME PROGRAM.swift [LINE OF martlet.yaml...]
application() {
  local name=$1 program=$2
  shift 2
  mkdir -p "$name/Sources/$name"
  cp "$FOLDER/Programs/$program" "$name/Sources/$name/"
  sed "s|\"hello\"|\"$name\"|g; s|path: \"../..\"|path: \"$(realpath "$FOLDER/../../..")\"|" \
    "$FOLDER/../../../Apps/hello/Package.swift" >"$name/Package.swift"
  printf '%s\n' "name: $name" "kind: swift" "memory: 16MiB" "$@" >"$name/martlet.yaml"
}
