#!/usr/bin/env bash
# From a fresh clone to two compiled networks, beside ONNX Runtime on this machine:
#
#   1. examples/digits: a trained network, linked into a C++ program, on images it has never seen
#   2. ResNet-34 with 8 groups in its convolutions, timed
#
# Everything is written below build/. A second run repeats the measurements and little else.

set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$root"
source .ci/phases.sh
log=build/quickstart.log
work=build/quickstart
network=resnet34_G8

heading() { printf '\n%s\n%s\n' "$1" "${1//?/-}"; }

file_size() { LC_ALL=C awk -v bytes="$(stat -c %s "$1")" 'BEGIN {printf "%.2f MB", bytes / 1e6}'; }

# Whether $1 is there and no older than the other files.
is_current() {
    local made=$1 file
    shift
    [ -f "$made" ] || return 1
    for file in "$@"; do [ "$made" -nt "$file" ] || return 1; done
}

set_up() {
    ./setup.sh convoy
    mkdir -p "$work"
    : >"$log"
    PATH=$root/.venv/bin:$PATH
    phase install cmake --install build/release --prefix build/install
    say install "build/install: the convoy command, its headers and its CMake package"
}

digits() {
    heading "1. Handwritten digits: a trained network linked into a C++ program"
    local program=$work/digits images=$work/digits/images library
    phase configure cmake --fresh -G Ninja -S examples/digits -B "$program" -DCMAKE_PREFIX_PATH="$root/build/install"
    phase compile cmake --build "$program"
    library=$(find "$program" -name libdigits.a)
    say compile "examples/digits/digits.onnx -> $library ($(file_size "$library"))"
    say link "examples/digits/main.cpp -> $program/digits"
    phase images python examples/digits/export_images.py "$images"
    say images "450 that the network was not trained on"
    phase run "$program/digits" "$images"
    printf '\n'
    python examples/digits/compare.py --images "$images" --predictions "$images/predictions.f32" \
        --model examples/digits/digits.onnx --library "$library"
}

resnet() {
    heading "2. ResNet-34 with 8 groups: time of one image of 224 x 224"
    local model=$work/$network.onnx library=$work/$network convoy=build/install/bin/convoy
    is_current "$model" models/*.py || phase write python models/write.py "$network" -o "$work"
    say write "models/write.py $network -> $model (random weights)"
    if ! is_current "$library/share/$network.json" "$model" "$convoy"; then
        phase compile "$convoy" compile "$model" --shared -o "$library"
    fi
    say compile "convoy compile $model -> $library/lib/lib$network.so ($(file_size "$library/lib/lib$network.so"))"
    printf '\n'
    python bench/side_by_side.py "$model" "$library/$network"
}

set_up
digits
resnet
cat <<END

More: $work/digits/digits is the program, examples/digits/README.md explains it;
      build/install/bin/convoy --help compiles models of your own;
      README.md goes on from here.
END
