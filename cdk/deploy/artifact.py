"""The zip of the function: built here, or taken from a release with its checksum."""

import base64
import hashlib
import io
import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import template
from calls import Failure

ROOT = Path(__file__).resolve().parent.parent.parent
SUMS = "SHA256SUMS"

# The program of each template that does not deploy the rule's function.
PROGRAMS = {"findings": "findings", "hook": "hook", "hook-stack-set": "hook", "remediation": "remediation"}


@dataclass(frozen=True)
class Artifact:
    """A file that goes to the code bucket; its key names the content."""

    name: str
    content: bytes

    @property
    def digest(self):
        """The SHA-256 in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def checksum(self):
        """The SHA-256 as S3 takes it."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()

    @property
    def key(self):
        """The S3 key: other content gets another key, or CloudFormation would see no change."""
        return f"trailseal/{self.digest[:16]}/{self.name}"


def zip_name(name, architecture):
    """The file name of the zip that a template deploys, as a release has it."""
    return f"{PROGRAMS.get(name, 'bootstrap')}-{architecture}.zip"


def faults_of_names(path, sums, name):
    """What is wrong with the options that name a zip, before anything is read."""
    found = []
    if path.name != name:
        found.append(f"--zip is `{path}`; expected the file `{name}` for this template and `Architecture`")
    for option, file in (("--zip", path), ("--checksums", sums)):
        if not file.is_file():
            found.append(f"{option}: there is no file `{file}`")
    return found


def verified(path, sums):
    """The zip of a release, whose checksum file must have its SHA-256."""
    artifact = Artifact(path.name, path.read_bytes())
    lines = (line.split(maxsplit=1) for line in sums.read_text(encoding="utf-8").splitlines())
    listed = {line[1].lstrip("*").removeprefix("./"): line[0] for line in lines if len(line) == 2}
    if path.name not in listed:
        raise Failure(f"`{sums}` has no line for `{path.name}`: use the file of the same release")
    if listed[path.name].lower() != artifact.digest:
        raise Failure(
            f"`{path}` has the SHA-256 {artifact.digest}, but `{sums}` says {listed[path.name]}: "
            "download both again, and do not deploy this file"
        )
    return checked(artifact, path)


def built(name, architecture):
    """The zip that `cargo xtask package` makes."""
    command = [os.environ.get("CARGO", "cargo"), "xtask", "package", "--arch", architecture]
    ended = subprocess.run(command, cwd=ROOT, check=False)
    if ended.returncode != 0:
        raise Failure(
            f"`cargo xtask package --arch {architecture}` failed: see above; or take the zip of a release with --zip"
        )
    path = ROOT / "cdk" / "assets" / name
    return checked(Artifact(name, path.read_bytes()), path)


def checked(artifact, path):
    """The zip, if it has one program with the name that Lambda starts."""
    try:
        with zipfile.ZipFile(io.BytesIO(artifact.content)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise Failure(f"`{path}` is not a zip archive: {error}") from error
    if names != ["bootstrap"]:
        raise Failure(f"`{path}` has {names}; expected one file, `bootstrap`")
    return artifact


def of_template(name):
    """A template that a StackSet deploys to each account."""
    return Artifact(f"trailseal-{name}.yaml", template.text(name).encode())
