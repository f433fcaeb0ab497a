"""Packs one program as Lambda's `bootstrap`, so that equal programs give equal archives.

Usage: archive.py PROGRAM ARCHIVE

Prints the archive's size in bytes and its SHA-256.
"""

import hashlib
import pathlib
import sys
import zipfile

EARLIEST_TIME = (1980, 1, 1, 0, 0, 0)
UNIX = 3
REGULAR_FILE_EXECUTABLE = 0o100755


def main(program: str, archive: str) -> None:
    entry = zipfile.ZipInfo("bootstrap", EARLIEST_TIME)
    entry.create_system = UNIX
    entry.external_attr = REGULAR_FILE_EXECUTABLE << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(entry, pathlib.Path(program).read_bytes(), compresslevel=9)
    data = pathlib.Path(archive).read_bytes()
    print(len(data), hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
