#!/usr/bin/env bash
# Builds llama.cpp's two servers once, in the user's cache folder, from the source that the package llama-cpp-python
# brings: its own `bin/llama-server`, and `bin/python -m llama_cpp.server` on the same library. Prints the folder. Needs
# python3 and a C++ compiler on the PATH, and about ten minutes of two cores.
set -euo pipefail
package=llama-cpp-python==0.3.36
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The folder is named by what is in it and by the Python it is made with.
key=$(python3 - "$here/requirements.txt" "${BASH_SOURCE[0]}" <<'PYTHON'
import hashlib, sys
content = sys.version + "".join(open(name).read() for name in sys.argv[1:])
print(hashlib.sha256(content.encode()).hexdigest()[:16])
PYTHON
)
folder="${XDG_CACHE_HOME:-$HOME/.cache}/instruct-lake/llama-$key"
if [ ! -f "$folder/complete" ]; then
  echo "Building llama.cpp's servers in $folder …" >&2
  rm -rf "$folder"
  python3 -m venv "$folder"
  pip() { "$folder/bin/python" -m pip "$@" >&2; }
  pip install --quiet --no-deps -r "$here/requirements.txt"
  PATH="$folder/bin:$PATH"
  pip download --quiet --no-deps --no-build-isolation --no-binary llama-cpp-python --dest "$folder/sdist" "$package"
  mkdir "$folder/source"
  tar -xzf "$folder"/sdist/*.tar.gz -C "$folder/source" --strip-components 1
  nice -n 10 cmake -S "$folder/source/vendor/llama.cpp" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DGGML_NATIVE=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
    -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF >&2
  nice -n 10 cmake --build "$folder/build" --target llama-server --parallel 2 >&2
  CMAKE_ARGS=-DLLAMA_BUILD=OFF pip install --quiet --no-deps --no-build-isolation "$folder"/sdist/*.tar.gz
  ln -sfn "$folder/build/bin" "$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/llama_cpp/lib"
  ln -s ../build/bin/llama-server "$folder/bin/llama-server"
  find "$folder/build" -name '*.o' -delete
  rm -rf "$folder/source" "$folder/sdist"
  touch "$folder/complete"
fi
echo "$folder"
