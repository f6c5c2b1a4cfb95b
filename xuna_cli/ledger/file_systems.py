"""Which file system a path is on, and whether SQLite's locks and syncs can be trusted there."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

MOUNT_TABLE = Path("/proc/self/mountinfo")  # of Linux, proc(5)

# Type and mount point in the order of mounting; a later mount hides an earlier one at the same point.
Mounts = Mapping[Path, str]

# One kernel sees these, so that its locks hold for everybody who opens the file.
_LOCAL = """
    ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs nilfs2 bcachefs ubifs jffs2 ecryptfs
    overlay overlayfs aufs shiftfs rootfs tmpfs ramfs devtmpfs lxfs wslfs
    vfat exfat msdos ntfs ntfs3 fuseblk hfs hfsplus apfs ufs
    fuse.fuse-overlayfs fuse.fuse-ext2 fuse.ntfs-3g fuse.exfat fuse.exfat-fuse fuse.zfs fuse.apfs-fuse
"""
LOCAL = frozenset(_LOCAL.split())

MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs", "rootfs"})

# Other machines (or the host of a virtual machine) may see the same file, with locks of their own.
_SHARED = """
    nfs nfs3 nfs4 cifs smb2 smb3 smbfs ncpfs afs coda ceph lustre lustre_lite beegfs beegfs_nodev gpfs mmfs
    glusterfs orangefs pvfs2 panfs wekafs acfs gfs2 ocfs2 davfs
    9p virtiofs vboxsf vmhgfs prl_fs drvfs fakeowner osxfs grpcfuse
"""
SHARED = frozenset(_SHARED.split())


def mounts() -> Mounts:
    """Return this process's mounts; empty where the system has no such table."""
    try:
        return parse_mounts(MOUNT_TABLE.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return {}


def parse_mounts(table: str) -> Mounts:
    """Return the mounts of a table as proc(5) describes `/proc/self/mountinfo`."""
    found: dict[Path, str] = {}
    for line in table.split("\n"):
        before, _, after = line.partition(" - ")
        if after:
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), before.split(" ")[4])
            found[Path(point)] = "drvfs" if "drvfs" in after else after.split()[0]
    return MappingProxyType(found)


def mount_point_of(path: Path, among: Mounts) -> Path | None:
    """Return where the file system is mounted that an absolute path is on; None if it can't be told.

    Args:
        path: need not be there.
        among: the mounts.
    """
    return next((point for point in (path, *path.parents) if point in among), None)


def is_mount_point(path: Path, among: Mounts) -> bool:
    """Return whether something is mounted at exactly this path, which need not be there."""
    if among:
        return path in among
    try:
        return path.lstat().st_dev != path.parent.stat().st_dev
    except OSError:
        return False


def is_shared(kind: str) -> bool:
    """Return whether other machines may see the files of a file system of this type.

    What runs in user space (FUSE) mostly reaches a network, under a name of its own: it counts as shared
    unless it is known to be local.
    """
    return kind in SHARED or (kind.partition(".")[0] == "fuse" and kind not in LOCAL)
