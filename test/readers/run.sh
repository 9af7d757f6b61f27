#!/usr/bin/env bash
# Acceptance with independent readers: makes their virtual environment once, in the user's cache folder, then runs the
# scripts of tier `readers`, or of tier `torch` with --torch. Other arguments go to the runner (names of scripts).
# Needs python3 on the PATH.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

tier=readers
names=()
for argument in "$@"; do
  case $argument in
    --torch) tier=torch ;;
    -*) echo "run.sh: unknown option $argument (only --torch)" >&2; exit 2 ;;
    *) names+=("$argument") ;;
  esac
done

# The first without what it needs, the others with it.
case $tier in
  readers) requirements=("$here/requirements.txt" "$here/requirements-datatrove.txt" "$here/requirements-datasets.txt" "$here/requirements-deploy.txt") ;;
  torch) requirements=("$here/requirements.txt" "$here/requirements-datatrove.txt" "$here/requirements-datasets.txt" "$here/requirements-torch.txt") ;;
esac

# The environment is named by what is in it and by the Python it is made with.
key=$(python3 - "${requirements[@]}" <<'PYTHON'
import hashlib, sys
content = sys.version + "".join(open(name).read() for name in sys.argv[1:])
print(hashlib.sha256(content.encode()).hexdigest()[:16])
PYTHON
)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/instruct-lake/readers-$key"
if [ ! -f "$venv/complete" ]; then
  echo "Making the readers' environment in $venv …"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --no-deps -r "${requirements[0]}"
  for others in "${requirements[@]:1}"; do
    "$venv/bin/python" -m pip install --quiet --constraint "${requirements[0]}" -r "$others"
  done
  touch "$venv/complete"
fi

cd "$here/../.."
INSTRUCT_LAKE_PYTHON="$venv/bin/python" exec npm run --silent acceptance -- --tier "$tier" ${names[@]+"${names[@]}"}
