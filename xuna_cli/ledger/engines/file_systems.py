"""Find the file system of a path, and whether SQLite's locks and syncs can be trusted there."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

MOUNT_TABLE = Path("/proc/self/mountinfo")  # on Linux, see proc(5)

# Types and mount points in mount order; a later mount hides an earlier one at the same point.
Mounts = Mapping[Path, str]

# Only one kernel sees these, so its locks hold for everybody who opens the file.
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
    """Return this process's mounts; empty if the system has no mount table."""
    try:
        return parse_mounts(MOUNT_TABLE.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return {}


def parse_mounts(table: str) -> Mounts:
    """Parse a mount table in the format of `/proc/self/mountinfo`, see proc(5)."""
    found: dict[Path, str] = {}
    for line in table.split("\n"):
        before, _, after = line.partition(" - ")
        if after:
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), before.split(" ")[4])
            found[Path(point)] = "drvfs" if "drvfs" in after else after.split()[0]
    return MappingProxyType(found)


def mount_point_of(path: Path, among: Mounts) -> Path | None:
    """Return the mount point of an absolute path's file system; None if unknown.

    Args:
        path: the path; it need not exist.
        among: the mounts.
    """
    return next((point for point in (path, *path.parents) if point in among), None)


def is_mount_point(path: Path, among: Mounts) -> bool:
    """Return whether something is mounted at exactly this path, which need not exist."""
    if among:
        return path in among
    try:
        return path.lstat().st_dev != path.parent.stat().st_dev
    except OSError:
        return False


def is_shared(kind: str) -> bool:
    """Return whether other machines may see the files of a file system of this type.

    File systems in user space (FUSE) mostly use a network, under names of their own: they count as shared
    unless they are known to be local.
    """
    return kind in SHARED or (kind.partition(".")[0] == "fuse" and kind not in LOCAL)
