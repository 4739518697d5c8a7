from __future__ import annotations

from pathlib import Path

import pytest

from tts.errors import LedgerError
from tts.ledger.connect import filesystem, refuse_remote

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /srv/home nfs4 rw 0 0
/dev/sdb1 /srv/home/local\\040disk xfs rw 0 0
//server/share /srv/share cifs rw 0 0
me@host: /srv/ssh fuse.sshfs rw 0 0
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mounts"
    file.write_text(MOUNTS)
    return file


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/ledger.db", "ext4"),
        ("/srv/home/me/ledger.db", "nfs4"),
        ("/srv/homework/ledger.db", "ext4"),
        ("/srv/home/local disk/ledger.db", "xfs"),
    ],
)
def test_the_mount_with_the_longest_prefix_decides(mounts: Path, path: str, kind: str) -> None:
    assert filesystem(Path(path), mounts=mounts) == kind


@pytest.mark.parametrize("folder", ["home", "share", "ssh"])
def test_network_file_systems_are_refused(mounts: Path, folder: str) -> None:
    with pytest.raises(LedgerError, match="network file system"):
        refuse_remote(Path("/srv", folder, "ledger.db"), mounts=mounts)


def test_a_machine_without_a_list_of_mounts_refuses_nothing(tmp_path: Path) -> None:
    refuse_remote(tmp_path / "ledger.db", mounts=tmp_path / "absent")
