"""Releases that are as they should be, and releases that are not: `verify.py` tells them apart."""

import contextlib
import gzip
import hashlib
import io
import json
import pathlib
import struct
import tarfile
import tempfile
import unittest
import zipfile
import zlib

import verify

LOCK = """
[[package]]
name = "trailseal-x"
version = "1.2.3"

[[package]]
name = "serde"
version = "1.0.0"

[[package]]
name = "syn"
version = "2.0.0"
"""
PACKAGES = [
    {"name": "serde", "version": "1.0.0", "source": "crates.io"},
    {"name": "syn", "version": "2.0.0", "source": "crates.io", "kind": "build"},
    {"name": "trailseal-x", "version": "1.2.3", "dependencies": [0], "root": True},
]
BILL = {
    "bomFormat": "CycloneDX",
    "metadata": {"component": {"name": "x", "version": "1.2.3"}},
    "components": [{"name": "serde", "version": "1.0.0"}],
}


def program(packages: list | None) -> bytes:
    """An ELF file that has sections and nothing else."""
    names = b"\0.shstrtab\0.dep-v0\0"
    data = b"" if packages is None else zlib.compress(json.dumps({"packages": packages}).encode())
    name_of_list = 1 if packages is None else 11
    at = 64 + 3 * 64
    sections = [(0, 0, 0), (1, at, len(names)), (name_of_list, at + len(names), len(data))]
    header = bytearray(64)
    header[:7] = b"\x7fELF\x02\x01\x01"
    struct.pack_into("<Q", header, 40, 64)
    struct.pack_into("<HHH", header, 58, 64, len(sections), 1)
    entry = struct.Struct("<IIQQQQ24x")
    table = b"".join(entry.pack(name, 1, 0, 0, at, size) for name, at, size in sections)
    return bytes(header) + table + names + data


class Release:
    """A folder with all that a release for one architecture has."""

    def __init__(self, folder: str) -> None:
        self.folder = pathlib.Path(folder)
        self.lock = self.folder.parent / "Cargo.lock"
        self.lock.write_text(LOCK)
        for name in ("bootstrap-arm64", "remediation-arm64"):
            self.function(name)
        self.command = "trailseal-1.2.3-arm64-linux"
        files = ["LICENSE", "README.md", "CHANGELOG.md", "man/man1/trailseal.1"]
        files += [f"man/man1/trailseal-{name}.1" for name in verify.SUBCOMMANDS]
        files += [f"completions/{name}" for name in verify.COMPLETIONS.values()]
        self.files = {name: (b"text", 0o644) for name in files}
        self.files["trailseal"] = (program(PACKAGES), 0o755)
        self.tarball(self.command, self.files)
        self.bill(self.command, BILL)
        template = (b"Resources:\n", 0o644)
        templates = {"templates/a.yaml": template, "packs/b.yaml": template}
        self.tarball("trailseal-1.2.3-templates", templates)

    def function(self, name: str, packages: list | None = PACKAGES, mode: int = 0o100755) -> None:
        entry = zipfile.ZipInfo("bootstrap")
        entry.create_system = 3
        entry.external_attr = mode << 16
        with zipfile.ZipFile(self.folder / f"{name}.zip", "w") as archive:
            archive.writestr(entry, program(packages))
        self.bill(name, BILL)

    def bill(self, name: str, document: dict) -> None:
        (self.folder / f"{name}.cdx.json").write_text(json.dumps(document))

    def tarball(self, name: str, files: dict) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for file, (content, mode) in files.items():
                entry = tarfile.TarInfo(f"{name}/{file}")
                entry.size, entry.mode = len(content), mode
                archive.addfile(entry, io.BytesIO(content))
        (self.folder / f"{name}.tar.gz").write_bytes(gzip.compress(packed.getvalue()))

    def faults(self) -> str:
        """What is said of the release on standard error; empty where all is well."""
        sums = self.folder / "SHA256SUMS"
        if not sums.exists():
            files = sorted(self.folder.iterdir())
            digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
            lines = [f"{digest}  {path.name}\n" for digest, path in zip(digests, files)]
            sums.write_text("".join(lines))
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = verify.main(self.folder, "1.2.3", self.lock, "x86_64")
        assert code == (1 if said.getvalue() else 0)
        return said.getvalue()


class Verify(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        within = pathlib.Path(folder.name, "release")
        within.mkdir()
        self.release = Release(str(within))

    def test_a_good_release_has_no_fault(self) -> None:
        self.assertEqual(self.release.faults(), "")

    def test_a_function_that_cannot_be_executed(self) -> None:
        self.release.function("bootstrap-arm64", mode=0o100644)
        self.assertIn("bootstrap-arm64.zip: `bootstrap` cannot be executed", self.release.faults())

    def test_a_program_without_its_list(self) -> None:
        self.release.function("bootstrap-arm64", packages=None)
        self.assertIn("has no list of its dependencies", self.release.faults())

    def test_a_dependency_that_is_not_locked(self) -> None:
        another = PACKAGES[0] | {"version": "9.0.0"}
        self.release.function("bootstrap-arm64", [another, *PACKAGES[1:]])
        self.assertIn("not in the lock file: [('serde', '9.0.0')]", self.release.faults())

    def test_a_bill_that_leaves_a_dependency_out(self) -> None:
        self.release.bill("remediation-arm64", BILL | {"components": []})
        self.assertIn("does not name [('serde', '1.0.0')]", self.release.faults())

    def test_a_bill_that_differs_each_time_or_tells_a_folder(self) -> None:
        self.release.bill("remediation-arm64", BILL | {"serialNumber": "urn:uuid:1"})
        self.release.bill("bootstrap-arm64", BILL | {"x": "path+file:///home/me/x#1.2.3"})
        faults = self.release.faults()
        self.assertIn("has a random number", faults)
        self.assertIn("tells a folder", faults)

    def test_a_missing_program_or_page_or_sum(self) -> None:
        del self.release.files["man/man1/trailseal-audit.1"]
        self.release.tarball(self.release.command, self.release.files)
        self.release.faults()
        (self.release.folder / "remediation-arm64.zip").unlink()
        faults = self.release.faults()
        self.assertIn("man/man1/trailseal-audit.1", faults)
        self.assertIn("SHA256SUMS: lists", faults)
        self.assertIn("two functions and a command are wanted", faults)


if __name__ == "__main__":
    unittest.main()
