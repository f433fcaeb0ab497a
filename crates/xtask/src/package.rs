//! `cargo xtask package`: the functions as AWS Lambda takes them.
//!
//! Equal sources give equal bytes, wherever they lie: paths are mapped, times are fixed, and the
//! versions of all that is compiled are locked. The compression is that of the machine's zlib.

pub(crate) mod architecture;
mod elf;
mod glibc;
mod program;

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::package::architecture::Architecture;
use crate::package::elf::Elf;
use crate::package::glibc::GlibcVersion;
use crate::package::program::Program;
use crate::project::Project;
use crate::step::Step;
use crate::tools;

/// The first moment that a zip archive can name, 1980-01-01: no build says when it was made.
const SOURCE_DATE_EPOCH: &str = "315532800";

pub(crate) const PYTHON: &str = "install Python 3.10 or later";

const REMEDY: &str = "see the errors above";

/// Builds and packs each function for each architecture.
pub(crate) fn run(
    project: &Project,
    arguments: &[String],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let architectures = parse("package", arguments)?;
    // All that can be wrong is told before minutes go into the first build.
    require_targets(project, &architectures)?;
    for architecture in architectures {
        functions(project, architecture, out)?;
    }
    Ok(())
}

/// Builds and packs each function for an architecture; gives the archives.
pub(crate) fn functions(
    project: &Project,
    architecture: Architecture,
    out: &mut dyn Write,
) -> Result<Vec<PathBuf>, Failure> {
    let mut archives = Vec::new();
    for program in Program::ALL {
        let (name, made, glibc) = make(project, architecture, program)?;
        writeln!(out, "cdk/assets/{name}: {made}, needs glibc {glibc}").map_err(Failure::output)?;
        archives.push(project.cdk().join("assets").join(name));
    }
    Ok(archives)
}

/// Builds the command for an architecture; gives it, and the oldest glibc that it runs with.
///
/// The limit is that of the functions: glibc 2.34 is in every distribution since 2022 that is
/// still looked after. A static build, with musl, would run on older ones too, but would resolve
/// names without the system's own configuration, and would be a second way to build.
pub(crate) fn command(
    project: &Project,
    architecture: Architecture,
) -> Result<(PathBuf, String), Failure> {
    let folder = build_targets(project, architecture, "trailseal-cli --bin trailseal")?;
    let built = folder.join("trailseal");
    let glibc = admit(&built, architecture)?;
    Ok((built, glibc.to_string()))
}

/// Builds a function and packs it; gives the archive's name, and what is to be said of it.
fn make(
    project: &Project,
    architecture: Architecture,
    program: Program,
) -> Result<(String, String, GlibcVersion), Failure> {
    let built = build(project, architecture, program)?;
    let glibc = admit(&built, architecture)?;
    let name = program.archive(architecture);
    let made = pack(project, &name, &built)?;
    Ok((name, made, glibc))
}

/// Builds and packs the rule's function for an architecture; gives the archive.
pub(crate) fn archive(project: &Project, architecture: Architecture) -> Result<PathBuf, Failure> {
    let (name, ..) = make(project, architecture, Program::Bootstrap)?;
    Ok(project.cdk().join("assets").join(name))
}

/// Builds targets of a package for this machine as what ships is built; gives their folder.
pub(crate) fn build_for_host(project: &Project, targets: &str) -> Result<PathBuf, Failure> {
    build_targets(project, host()?, targets)
}

fn host() -> Result<Architecture, Failure> {
    let host = Architecture::ALL.into_iter().find(|architecture| architecture.is_hosts());
    host.ok_or_else(|| Failure::task("the function runs on arm64 and x86_64 only"))
}

/// The architectures that a task's arguments name; all of them where there are none.
pub(crate) fn parse(task: &str, words: &[String]) -> Result<Vec<Architecture>, Failure> {
    let mut architectures = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word != "--arch" {
            return Err(Failure::argument(task, word));
        }
        let named = words.next().and_then(|name| Architecture::named(name));
        let named = named.ok_or_else(|| Failure::usage("`--arch` needs `arm64` or `x86_64`"))?;
        if !architectures.contains(&named) {
            architectures.push(named);
        }
    }
    if architectures.is_empty() {
        architectures.extend(Architecture::ALL);
    }
    Ok(architectures)
}

/// Whether the toolchain has the target's standard library.
pub(crate) fn has_target(project: &Project, architecture: Architecture) -> Result<bool, Failure> {
    let folder = Step::new(project, "rustc", "install Rust")
        .words("--print target-libdir --target")
        .arg(architecture.triple())
        .output()?;
    Ok(Path::new(folder.trim()).is_dir())
}

/// Refuses to start where the toolchain lacks a target's standard library.
pub(crate) fn require_targets(
    project: &Project,
    architectures: &[Architecture],
) -> Result<(), Failure> {
    architectures.iter().try_for_each(|architecture| require_target(project, *architecture))
}

fn require_target(project: &Project, architecture: Architecture) -> Result<(), Failure> {
    if has_target(project, architecture)? {
        return Ok(());
    }
    let triple = architecture.triple();
    Err(Failure::task(format!(
        "the toolchain has no standard library for `{triple}`: run `rustup target add {triple}` \
         here, or make the other architecture alone with `--arch`"
    )))
}

/// Builds a function alone, so that no other package adds features to what ships.
fn build(
    project: &Project,
    architecture: Architecture,
    program: Program,
) -> Result<PathBuf, Failure> {
    let name = program.name();
    let targets = format!("{} --bin {name}", program.package());
    Ok(build_targets(project, architecture, &targets)?.join(name))
}

/// Builds targets of a package as what ships is built; gives their folder.
fn build_targets(
    project: &Project,
    architecture: Architecture,
    targets: &str,
) -> Result<PathBuf, Failure> {
    let triple = architecture.triple();
    let what = format!("--locked --profile dist --package {targets} --target");
    let mut folders = vec![project.tools().join("bin")];
    let step = if architecture.is_hosts() {
        Step::cargo(project, "build", REMEDY).words(&what).arg(triple)
    } else {
        tools::zig(project)?;
        folders.push(project.tools().join("zig/bin"));
        // The linker is told the oldest glibc that the program must run with.
        let target = format!("{triple}.{}", glibc::OF_LAMBDA);
        Step::cargo(project, "zigbuild", REMEDY).words(&what).arg(target)
    };
    let step = auditable(project, step.path_first(&folders)?)?;
    reproducible(project, step)?.run()?;
    Ok(project.target().join(triple).join("dist"))
}

/// Has the list of all that a program is compiled of linked into it.
///
/// This does what `cargo auditable build --locked` does, but for the name of the wrapper: cargo
/// hashes it into the symbols of the workspace's crates, and the path that `cargo auditable` gives
/// would have the bytes depend on where the repository lies. The bare name is looked up in `PATH`.
fn auditable(project: &Project, step: Step) -> Result<Step, Failure> {
    tools::cargo_tool(project, &tools::AUDITABLE)?;
    Ok(step.env("RUSTC_WORKSPACE_WRAPPER", "cargo-auditable").env(
        "CARGO_AUDITABLE_ORIG_ARGS",
        r#"{"offline":false,"locked":true,"frozen":false,"config":[]}"#,
    ))
}

/// Keeps the folders of this machine and the time of the build out of the program.
fn reproducible(project: &Project, step: Step) -> Result<Step, Failure> {
    let home = cargo_home()?;
    let maps = [
        (project.root(), "/trailseal"),
        (project.target(), "/trailseal/target"),
        (home.as_path(), "/cargo"),
    ];
    let rust: Vec<String> = maps
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect();
    let c: Vec<String> = maps
        .iter()
        .map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()))
        .collect();
    Ok(step
        .env("CARGO_ENCODED_RUSTFLAGS", rust.join("\u{1f}"))
        .env("CFLAGS", c.join(" "))
        .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH))
}

fn cargo_home() -> Result<PathBuf, Failure> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    home.ok_or_else(|| Failure::task("the home folder is not known; set `CARGO_HOME`"))
}

/// Refuses a program that AWS Lambda could not start.
fn admit(program: &Path, architecture: Architecture) -> Result<GlibcVersion, Failure> {
    let bytes = fs::read(program).map_err(|error| Failure::file("read", program, &error))?;
    let shown = program.display();
    let elf = Elf::read(&bytes).ok_or_else(|| {
        Failure::task(format!("`{shown}` is not a 64-bit little-endian ELF file"))
    })?;
    if elf.machine() != architecture.elf_machine() {
        let name = architecture.name();
        return Err(Failure::task(format!("`{shown}` is not a program for {name}")));
    }
    let needed = elf.needed_versions();
    let needed = needed.ok_or_else(|| {
        Failure::task(format!("the versions that `{shown}` needs are unreadable"))
    })?;
    let highest = needed.iter().filter_map(|name| GlibcVersion::parse(name)).max();
    let highest = highest
        .ok_or_else(|| Failure::task(format!("`{shown}` does not say which glibc it needs")))?;
    if highest > glibc::OF_LAMBDA {
        return Err(Failure::task(format!(
            "`{shown}` needs glibc {highest}, but the runtime `provided.al2023` has {}: build on \
             an older system (Debian 12, Ubuntu 22.04)",
            glibc::OF_LAMBDA
        )));
    }
    Ok(highest)
}

/// Writes the archive and says its size and SHA-256.
fn pack(project: &Project, archive: &str, program: &Path) -> Result<String, Failure> {
    let folder = project.cdk().join("assets");
    fs::create_dir_all(&folder).map_err(|error| Failure::file("create", &folder, &error))?;
    let made = Step::new(project, "python3", PYTHON)
        .arg(project.xtask().join("src/package/archive.py"))
        .arg(program)
        .arg(folder.join(archive))
        .output()?;
    match made.split_whitespace().collect::<Vec<_>>().as_slice() {
        [size, sum] => Ok(format!("{size} bytes, SHA-256 {sum}")),
        _ => Err(Failure::task(format!("`archive.py` said `{}`", made.trim()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn both_architectures_are_packed_unless_one_is_named() {
        assert_eq!(parse("package", &[]).unwrap(), Architecture::ALL);
        let one = parse("package", &words(&["--arch", "x86_64", "--arch", "x86_64"])).unwrap();
        assert_eq!(one, [Architecture::X86_64]);
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for wrong in [&["--arch"][..], &["--arch", "aarch64"], &["arm64"]] {
            assert_eq!(parse("package", &words(wrong)).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
    }

    #[test]
    fn a_program_for_another_architecture_is_refused() {
        let this = env::current_exe().unwrap();
        let other = Architecture::ALL.into_iter().find(|architecture| !architecture.is_hosts());
        let failure = admit(&this, other.unwrap()).unwrap_err();
        assert!(failure.message().unwrap().contains("is not a program for"));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        let project = Project::locate().unwrap();
        let text = project.root().join("Cargo.toml");
        let failure = admit(&text, Architecture::X86_64).unwrap_err();
        assert!(failure.message().unwrap().ends_with("is not a 64-bit little-endian ELF file"));
    }

    #[test]
    fn equal_programs_give_equal_archives() {
        let project = Project::locate().unwrap();
        let folder = env::temp_dir().join(format!("trailseal-archive-{}", std::process::id()));
        let mut archives = Vec::new();
        for name in ["a", "b"] {
            let inner = folder.join(name);
            fs::create_dir_all(&inner).unwrap();
            let program = inner.join(format!("program-{name}"));
            fs::write(&program, "the same bytes ".repeat(1000)).unwrap();
            let archive = inner.join("bootstrap.zip");
            let said = Step::new(&project, "python3", PYTHON)
                .arg(project.xtask().join("src/package/archive.py"))
                .args([&program, &archive])
                .output()
                .unwrap();
            let bytes = fs::read(&archive).unwrap();
            assert!(said.starts_with(&format!("{} ", bytes.len())), "{said}");
            assert_eq!(said.trim().len(), bytes.len().to_string().len() + 1 + 64);
            archives.push(bytes);
        }
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(archives[0], archives[1]);
        assert!(archives[0].len() < 1000, "the archive is compressed");
    }
}
