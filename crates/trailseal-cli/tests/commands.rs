//! Runs the command and compares everything that it prints.

#[cfg(test)]
mod commands {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    mod documented;
    mod sessions;

    #[test]
    fn commands_print_the_recorded_output() {
        trycmd::TestCases::new().case("tests/cmd/*.trycmd");
    }

    /// A long name of a value leaves a column of one word for what the options mean.
    #[test]
    fn help_fits_the_terminal() {
        let commands = ["check", "audit", "preview", "logs", "remediate", "render", "compare"];
        for (command, columns) in commands.iter().flat_map(|one| [(one, 80), (one, 100)]) {
            let columns_text = columns.to_string();
            let output = trailseal().args([command, "-h"]).env("COLUMNS", columns_text).output();
            let help = String::from_utf8(output.unwrap().stdout).unwrap();
            assert!(help.contains("Options:"), "{help}");
            for line in help.lines() {
                assert!(line.chars().count() <= columns, "{command}, {columns} columns: {line}");
            }
        }
    }

    /// A report of 0.1.0 has fewer members than the schema requires.
    #[test]
    fn a_report_of_0_1_0_is_valid_once_it_is_rendered() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
        let old = tests.join("compare.in/report-0.1.0.json");
        let schema = trailseal().args(["schema", "report"]).output().unwrap();
        let schema = serde_json::from_slice(&schema.stdout).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let is_valid = |text: &[u8]| validator.is_valid(&serde_json::from_slice(text).unwrap());
        assert!(!is_valid(&fs::read(&old).unwrap()));
        let rendered = trailseal().arg("render").arg(&old).args(["-o", "json"]).output().unwrap();
        assert_eq!(rendered.status.code(), Some(1), "{rendered:?}");
        assert!(is_valid(&rendered.stdout), "{rendered:?}");
    }

    /// Somebody can change a report between two commands.
    #[test]
    fn render_rejects_a_report_that_contradicts_itself() {
        let folder = Folder::new("contradiction");
        let text = fs::read_to_string(folder.0.join("report.json")).unwrap();
        let failing = r#""compliance": "NON_COMPLIANT""#;
        assert!(text.matches(failing).count() > 1, "{text}");
        let changed = text.replace(failing, r#""compliance": "COMPLIANT""#);
        fs::write(folder.0.join("changed.json"), changed).unwrap();
        let render = |file: &str| {
            let mut command = trailseal();
            command.current_dir(&folder.0).args(["render", file, "-o", "csv"]).output().unwrap()
        };
        assert_eq!(render("report.json").status.code(), Some(1));
        assert_eq!(render("absent.json").status.code(), Some(3));
        let output = render("changed.json");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), b"".as_slice()));
        // All contradictions are named.
        for what in ["`summary.nonCompliant` is 2", "`trails[0]`", "`trails[1]`", "failed"] {
            assert!(errors.contains(what), "{what}: {errors}");
        }
    }

    #[test]
    fn environment_variables_set_options_but_never_those_of_remediate() {
        let folder = Folder::new("environment");
        let run = |words: &[&str], variables: &[(&str, &str)]| {
            let mut command = trailseal();
            command.current_dir(&folder.0).args(words).envs(variables.iter().copied());
            let output = command.output().unwrap();
            let [out, err] =
                [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
            (output.status.code(), out, err)
        };
        let render = ["render", "report.json"];
        assert_eq!(run(&render, &[]).0, Some(1));
        let zero = ("TRAILSEAL_EXIT_ZERO", "true");
        let (code, _, err) = run(&render, &[zero]);
        assert_eq!(code, Some(0));
        assert!(err.contains("note: options from the environment: TRAILSEAL_EXIT_ZERO\n"), "{err}");
        assert_eq!(run(&["render", "report.json", "-q"], &[zero]).2, "");
        let (code, out, _) = run(&render, &[("TRAILSEAL_OUTPUT", "csv")]);
        assert_eq!((code, out.starts_with("compliance,")), (Some(1), true));
        let csv = [&render[..], &["-o", "csv"]].concat();
        let (_, out, err) = run(&csv, &[("TRAILSEAL_OUTPUT", "json")]);
        let note = "note: overridden by options of the command line: TRAILSEAL_OUTPUT\n";
        assert!(out.starts_with("compliance,") && err.contains(note), "{out}{err}");
        let (code, out, err) = run(&render, &[zero, ("TRAILSEAL_FAIL_ON", "partly")]);
        assert_eq!((code, out.as_str()), (Some(3), ""));
        let note =
            "note: options also come from the environment: TRAILSEAL_EXIT_ZERO, TRAILSEAL_FAIL_ON";
        assert!(err.contains("'partly'") && err.contains(note), "{err}");
        let misspelled = ("TRAILSEAL_FAILON", "partial");
        let (code, _, err) = run(&render, &[misspelled, ("TRAILSEAL_PYTHON", "python3")]);
        assert_eq!(code, Some(1));
        let warning = "no option reads TRAILSEAL_FAILON; did you mean TRAILSEAL_FAIL_ON?\n";
        assert!(err.contains(warning) && !err.contains("PYTHON"), "{err}");
        // A file is only read if the command line names it.
        let config = ("TRAILSEAL_CONFIG", "absent.toml");
        let (code, _, err) = run(&["check", "trails.json"], &[config]);
        assert_eq!(code, Some(1));
        let warning = "no variable sets --config, so that TRAILSEAL_CONFIG has no effect\n";
        assert!(err.contains(warning), "{err}");
        let apply = [("TRAILSEAL_APPLY", "true"), ("TRAILSEAL_YES", "true")];
        let (code, _, err) = run(&["remediate", "--yes"], &apply);
        assert_eq!(code, Some(3));
        assert!(err.contains("--apply") && !err.contains("environment"), "{err}");
    }

    /// A typing error in a file's name must not look like a clean account.
    #[test]
    fn a_report_about_nothing_always_fails() {
        let folder = Folder::new("nothing");
        for option in ["--exit-zero", "--fail-on=non-compliant"] {
            let run = |words: &[&str]| {
                let mut command = trailseal();
                command.current_dir(&folder.0).args(words).arg(option).output().unwrap()
            };
            for words in [&["check", "absent.json"][..], &["preview", "absent.yaml"]] {
                let output = run(words);
                assert_eq!(output.status.code(), Some(2), "{option} {output:?}");
            }
            // Another file was read: its trails are in the report.
            let expected = if option == "--exit-zero" { 0 } else { 1 };
            let output = run(&["check", "trails.json", "absent.json"]);
            assert_eq!(output.status.code(), Some(expected), "{option} {output:?}");
        }
    }

    /// A script with `pipefail` may read the first lines of a text only.
    #[cfg(unix)]
    #[test]
    fn a_closed_pipe_fails_a_report_and_no_other_text() {
        let folder = Folder::new("pipe");
        for (words, code) in [
            (&["--help"][..], 0),
            (&["explain"], 0),
            (&["schema", "report"], 0),
            (&["man"], 0),
            (&["completions", "bash"], 0),
            (&["check", "trails.json"], 2),
        ] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let mut command = trailseal();
            command.current_dir(&folder.0).args(words).stdout(writer);
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
        }
    }

    #[test]
    fn every_subcommand_has_a_manual_page_and_completions() {
        let print = |words: &[&str]| {
            let output = trailseal().args(words).output().unwrap();
            assert!(output.status.success(), "{words:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let help = print(&["--help"]);
        let (_, commands) = help.split_once("Commands:\n").unwrap();
        let lines = commands.lines().take_while(|line| !line.is_empty());
        let names: Vec<&str> = lines
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .collect();
        assert!(names.len() > 6, "{names:?}");
        let page = print(&["man"]);
        let scripts = ["bash", "elvish", "fish", "powershell", "zsh"];
        let scripts = scripts.map(|shell| print(&["completions", shell]));
        for name in names {
            assert!(page.contains(&format!("\ntrailseal\\-{name}(1)\n")), "{name}: {page}");
            let own = print(&["man", name]);
            assert!(own.contains(&format!(".TH trailseal-{name} 1 ")), "{own}");
            assert!(
                own.contains(concat!("\"trailseal ", env!("CARGO_PKG_VERSION"), "\"")),
                "{own}"
            );
            assert!(scripts.iter().all(|script| script.contains(name)), "{name}");
        }
    }

    /// Python provides the pseudo-terminal.
    #[test]
    fn a_terminal_gets_colors_unless_they_are_turned_off() {
        const ON_A_TERMINAL: &str = "import pty, sys; pty.spawn(sys.argv[1:])";
        let snapshot =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/check.in/snapshot.json");
        let shown = |no_color: Option<&str>, option: Option<&str>| {
            let mut python = Command::new("python3");
            python.args(["-c", ON_A_TERMINAL, env!("CARGO_BIN_EXE_trailseal"), "check"]);
            python
                .arg(&snapshot)
                .args(option)
                .stdin(Stdio::null())
                .env("TERM", "xterm")
                .env_remove("NO_COLOR");
            python.env_remove("CLICOLOR").env_remove("CLICOLOR_FORCE");
            python.envs(no_color.map(|value| ("NO_COLOR", value)));
            String::from_utf8(python.output().unwrap().stdout).unwrap()
        };
        let colored = shown(None, None);
        assert!(colored.contains("\u{1b}["), "{colored}");
        for plain in [shown(Some("1"), None), shown(None, Some("--no-color"))] {
            assert!(!plain.contains('\u{1b}') && plain.contains("NON_COMPLIANT"), "{plain}");
        }
        let piped =
            trailseal().arg("check").arg(&snapshot).env_remove("NO_COLOR").output().unwrap();
        assert!(!piped.stdout.contains(&0x1b));
    }

    fn trailseal() -> Command {
        Command::new(env!("CARGO_BIN_EXE_trailseal"))
    }

    /// A temporary folder with the input of the commands.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("trailseal-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let given = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/check.in");
            let snapshot = given.join("snapshot.json");
            fs::create_dir_all(path.join("snapshots")).unwrap();
            let name = "111122223333_Config_eu-central-1_ConfigSnapshot_20261123T190000Z.json.gz";
            for name in ["snapshots/a.json", name] {
                fs::copy(&snapshot, path.join(name)).unwrap();
            }
            for name in ["keys.json", "snapshot.json", "trails.json"] {
                fs::copy(given.join(name), path.join(name)).unwrap();
            }
            for name in ["report-0.1.0.json", "old.json", "new.json"] {
                fs::copy(given.join("../compare.in").join(name), path.join(name)).unwrap();
            }
            let documents = given.join("../../../../../tests/preview");
            for entry in fs::read_dir(documents.join("docs")).unwrap() {
                let file = entry.unwrap().path();
                fs::copy(&file, path.join(file.file_name().unwrap())).unwrap();
            }
            for folder in ["cdk.out", "cdk.out/assembly-Prod"] {
                fs::create_dir_all(path.join(folder)).unwrap();
                for entry in fs::read_dir(documents.join(folder)).unwrap() {
                    let file = entry.unwrap().path();
                    if file.is_file() {
                        fs::copy(&file, path.join(folder).join(file.file_name().unwrap())).unwrap();
                    }
                }
            }
            fs::copy(path.join("key-not-made.yaml"), path.join("template.yaml")).unwrap();
            let report = trailseal().args(["check", "-o", "json"]).arg(&snapshot).output().unwrap();
            fs::write(path.join("report.json"), report.stdout).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _stays = fs::remove_dir_all(&self.0);
        }
    }
}
