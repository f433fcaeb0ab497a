"""Looks at a release as those who get it would.

Usage: verify.py FOLDER VERSION CARGO_LOCK HOST

HOST is this machine's architecture, `arm64` or `x86_64`: the command that was made for it is
started. Each fault is a line on standard error, and any fault is exit code 1.
"""

import json
import pathlib
import re
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

Package = tuple[str, str]

LIST_OF_DEPENDENCIES = b".dep-v0"
COMPLETIONS = {"bash": "trailseal.bash", "zsh": "_trailseal", "fish": "trailseal.fish"}
SUBCOMMANDS = ("audit", "check", "completions", "explain", "remediate", "render", "schema")
EXECUTABLE = stat.S_IFREG | 0o755


class Fault(Exception):
    """What is wrong with a file."""


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Fault(otherwise)


def main(folder: pathlib.Path, version: str, lock: pathlib.Path, host: str) -> int:
    locked = locked_packages(lock.read_text())
    checks = {"SHA256SUMS": lambda path: check_sums(path, folder)}
    for path in sorted(folder.iterdir()):
        arch = re.fullmatch(r".*-(arm64|x86_64)(-linux\.tar\.gz|\.zip)", path.name)
        if path.suffix == ".zip":
            checks[path.name] = lambda path: check_function(path, locked)
        elif arch is not None:
            is_hosts = arch[1] == host
            checks[path.name] = lambda path, is_hosts=is_hosts: check_command(
                path, locked, version, is_hosts
            )
        elif path.name.endswith(".tar.gz"):
            checks[path.name] = check_templates
    faults = 0
    for name, check in checks.items():
        try:
            print(f"{name}: {check(folder / name)}")
        except Fault as fault:
            faults += 1
            print(f"error: {name}: {fault}", file=sys.stderr)
    programs = [name for name in checks if re.search(r"-(arm64|x86_64)", name)]
    if len(programs) == 0 or len(programs) % 3 != 0:
        faults += 1
        print(f"error: two functions and a command are wanted, not {programs}", file=sys.stderr)
    return 0 if faults == 0 else 1


def check_sums(path: pathlib.Path, folder: pathlib.Path) -> str:
    require(path.is_file(), "is missing")
    listed = [line.split("  ", 1)[1] for line in path.read_text().splitlines()]
    there = sorted(file.name for file in folder.iterdir() if file != path)
    require(listed == there, f"lists {listed}, but there are {there}")
    return f"lists all {len(there)} other files"


def check_function(path: pathlib.Path, locked: set[Package]) -> str:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        require([entry.filename for entry in entries] == ["bootstrap"], "is not one `bootstrap`")
        require(entries[0].external_attr >> 16 == EXECUTABLE, "`bootstrap` cannot be executed")
        program = archive.read("bootstrap")
    return check_program(program, path.with_suffix(".cdx.json"), locked)


def check_command(path: pathlib.Path, locked: set[Package], version: str, is_hosts: bool) -> str:
    root = path.name.removesuffix(".tar.gz")
    files, modes = unpacked(path)
    wanted = {"trailseal", "LICENSE", "README.md", "CHANGELOG.md", "man/man1/trailseal.1"}
    wanted |= {f"man/man1/trailseal-{name}.1" for name in SUBCOMMANDS}
    wanted |= {f"completions/{name}" for name in COMPLETIONS.values()}
    wanted = {f"{root}/{name}" for name in wanted}
    require(set(files) == wanted, f"what differs: {sorted(set(files) ^ wanted)}")
    program = f"{root}/trailseal"
    can_run = [name for name, mode in modes.items() if mode & 0o111]
    require(can_run == [program], f"{can_run} can be executed")
    said = check_program(files[program], path.with_name(f"{root}.cdx.json"), locked)
    if not is_hosts:
        return f"{said}; it is for another machine and was not started"
    scripts = {shell: files[f"{root}/completions/{name}"] for shell, name in COMPLETIONS.items()}
    return f"{said}; {check_running(files[program], version, scripts)}"


def check_running(program: bytes, version: str, scripts: dict[str, bytes]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "trailseal")
        path.write_bytes(program)
        path.chmod(0o755)

        def run(*words: str) -> bytes:
            return subprocess.run([path, *words], check=False, stdout=subprocess.PIPE).stdout

        said = run("--version").decode().strip()
        require(said == f"trailseal {version}", f"`trailseal --version` says `{said}`")
        for shell, script in scripts.items():
            require(run("completions", shell) == script, f"completes otherwise for {shell}")
    return f"it starts and says `{said}`"


def check_templates(path: pathlib.Path) -> str:
    files, modes = unpacked(path)
    require(not any(mode & 0o111 for mode in modes.values()), "holds what can be executed")
    templates = [name for name in files if "/templates/" in name and name.endswith(".yaml")]
    packs = [name for name in files if "/packs/" in name and name.endswith(".yaml")]
    for name in templates + packs:
        require(b"\nResources:" in b"\n" + files[name], f"`{name}` has no `Resources`")
    require(len(templates) > 0 and len(packs) > 0, "holds no templates or no packs")
    return f"{len(templates)} templates and {len(packs)} packs"


def unpacked(path: pathlib.Path) -> tuple[dict[str, bytes], dict[str, int]]:
    """The files of an archive and their modes; a fault where there is anything but plain files."""
    files, modes = {}, {}
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        for member in members:
            require(member.isreg() and member.uid == 0 == member.gid, f"`{member.name}` is odd")
            files[member.name] = archive.extractfile(member).read()
            modes[member.name] = member.mode
    require(len(files) == len(members), "holds a file twice")
    require(len({member.mtime for member in members}) == 1, "its files have several times")
    root = path.name.removesuffix(".tar.gz") + "/"
    require(all(name.startswith(root) for name in files), f"has files outside of `{root}`")
    return files, modes


def check_program(program: bytes, bill: pathlib.Path, locked: set[Package]) -> str:
    """Compares the list within a program with the bill beside it and with the lock file."""
    section = elf_section(program, LIST_OF_DEPENDENCIES)
    require(section is not None, "the program has no list of its dependencies")
    packages = json.loads(zlib.decompress(section))["packages"]
    roots = [package for package in packages if package.get("root")]
    require(len(roots) == 1, "the list of dependencies has no root, or several")
    within = {named(package) for package in packages}
    require(within <= locked, f"not in the lock file: {sorted(within - locked)}")

    require(bill.is_file(), f"`{bill.name}` is missing")
    text = bill.read_text()
    document = json.loads(text)
    require(document.get("bomFormat") == "CycloneDX", f"`{bill.name}` is not CycloneDX")
    require("serialNumber" not in document, f"`{bill.name}` has a random number")
    require("file:///" not in text.replace("path+file:///trailseal/", ""), "tells a folder")
    root = document["metadata"]["component"]
    bom = {named(component) for component in document["components"]}
    require(root["version"] == roots[0]["version"], f"`{bill.name}` is of {root['version']}")
    runtime = {named(p) for p in packages if p.get("kind", "runtime") == "runtime"}
    missing = runtime - bom - {named(roots[0])}
    require(not missing, f"`{bill.name}` does not name {sorted(missing)}")
    require(bom <= locked, f"`{bill.name}` names what is not locked: {sorted(bom - locked)}")
    direct = {named(packages[index]) for index in roots[0]["dependencies"]}
    require(len(direct) > 0 and direct <= bom, f"not in the bill: {sorted(direct - bom)}")
    return f"{len(within)} packages are listed within the program, {len(bom)} in its bill"


def named(package: dict) -> Package:
    return package["name"], package["version"]


def locked_packages(lock: str) -> set[Package]:
    return set(re.findall(r'^name = "(.+)"\nversion = "(.+)"$', lock, flags=re.MULTILINE))


def elf_section(program: bytes, wanted: bytes) -> bytes | None:
    """A section of a 64-bit little-endian ELF file by its name, as the System V ABI lays it out."""
    require(program[:6] == b"\x7fELF\x02\x01", "the program is no 64-bit ELF file")
    (table,) = struct.unpack_from("<Q", program, 40)
    size, count, names = struct.unpack_from("<HHH", program, 58)

    def header(index: int) -> tuple[int, int, int]:
        at = table + index * size
        name, _kind, _flags, _address, offset, length = struct.unpack_from("<IIQQQQ", program, at)
        return name, offset, length

    _, strings, _ = header(names)
    for name, offset, length in map(header, range(count)):
        if program[strings + name : program.index(b"\0", strings + name)] == wanted:
            return program[offset : offset + length]
    return None


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(
        main(pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4])
    )
