"""Packs a folder into FOLDER's name + `.tar.gz`, so that equal files give equal archives.

Usage: tarball.py FOLDER WHERE SECONDS

Every file is dated by SECONDS since 1970 and belongs to nobody; whether it can be executed is all
that counts of its mode. The order is that of the names.
"""

import gzip
import io
import pathlib
import sys
import tarfile

EXECUTABLE = 0o755
OTHER = 0o644


def main(folder: pathlib.Path, where: pathlib.Path, seconds: int) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder.parent).as_posix())
            entry.size = path.stat().st_size
            entry.mtime = seconds
            entry.mode = EXECUTABLE if path.stat().st_mode & 0o100 else OTHER
            with path.open("rb") as content:
                archive.addfile(entry, content)
    # The header of the compression has a time and a name of its own.
    data = gzip.compress(packed.getvalue(), compresslevel=9, mtime=seconds)
    where.joinpath(f"{folder.name}.tar.gz").write_bytes(data)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]))
