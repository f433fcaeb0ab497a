//! Runs the command as people do, and holds every word that it says.

#[test]
fn commands_say_what_they_said() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
