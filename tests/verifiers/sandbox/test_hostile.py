from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

import tts
from tts.verifiers.sandbox import Sandbox
from tts.verifiers.sandbox.hostile import hostile_suite


@pytest.mark.timeout(300)
def test_every_hostile_program_is_held(box: Sandbox) -> None:
    tried = list(hostile_suite(box))
    assert [(one.name, one.reason) for one in tried if not one.held] == []
    assert {one.aim for one in tried} == {"verdict", "escape", "exhaust"}


def test_the_suite_is_not_run_where_nothing_would_hold_it() -> None:
    box = Sandbox(at="rlimits", workers=1)
    with pytest.raises(ValueError, match="not run"):
        next(hostile_suite(box))
    box.close_now()


@pytest.mark.timeout(300)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_holds_every_hostile_program_too() -> None:
    python = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin")
    if python is None or shutil.which("setpriv") is None:
        pytest.skip("no interpreter of this version that everybody may read, or no setpriv")
    packages = [place for place in sys.path if place.endswith("site-packages")]
    run = f"import site; [site.addsitedir(one) for one in {packages}]; from tts.cli import main; main()"
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
    world = {"HOME": "/nowhere", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    seen = [*nobody, python, "-c", "import os, sys; sys.exit(not os.access(sys.argv[1], os.R_OK))"]
    if subprocess.run([*seen, str(tts.__file__)], env=world, check=False).returncode:
        pytest.skip("this checkout is not readable by everybody")
    asked = [*nobody, python, "-c", run, "sandbox", "check", "--json"]
    done = subprocess.run(asked, env=world, capture_output=True, text=True, check=False, cwd="/")
    told = json.loads(done.stdout)
    assert (told["uid"], told["held"]) == (65534, len(told["attempts"])), done.stderr
