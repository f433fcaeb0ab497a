//! Asks for confirmation before a change.

use std::io::{self, BufRead, Write};

use trailseal_plan::Plan;
use trailseal_rule::AccountId;

use super::outcome::End;
use super::{RemediateContext, show};
use crate::console::{Console, Failure};
use crate::output::clean;

/// Shows a plan and asks whether to apply it. If not, returns the end of the run.
pub(super) fn offer(
    context: &RemediateContext<'_>,
    plan: &Plan,
    what: &str,
    console: &mut Console<'_>,
) -> Result<Option<End>, Failure> {
    show::people(context, &show::plan(plan), console)?;
    if !context.arguments.apply {
        return Ok(Some(End::Planned));
    }
    if confirm(context.arguments.yes, &plan.account, what)? {
        return Ok(None);
    }
    show::people(context, "Nothing was changed\n", console)?;
    Ok(Some(End::Declined))
}

/// Whether the user agrees, with `--yes` or by typing the account ID at a terminal.
pub(super) fn confirm(is_agreed: bool, account: &AccountId, what: &str) -> Result<bool, Failure> {
    if is_agreed {
        return Ok(true);
    }
    ask(&mut io::stdin().lock(), &mut anstream::stderr(), account, what)
        .map_err(|error| Failure::failed(format!("cannot read the confirmation: {error}")))
}

fn ask(
    answers: &mut dyn BufRead,
    questions: &mut dyn Write,
    account: &AccountId,
    what: &str,
) -> io::Result<bool> {
    let what = clean(what);
    write!(questions, "{what} in account {account}. Type the account ID to continue: ")?;
    questions.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(answer.trim() == account.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_account_id_confirms() {
        let account = AccountId::parse("111122223333").unwrap();
        for (answer, agrees) in [
            ("111122223333\n", true),
            (" 111122223333 \n", true),
            ("yes\n", false),
            ("\n", false),
            ("", false),
            ("444455556666\n", false),
        ] {
            let mut questions = Vec::new();
            let agreed = ask(&mut answer.as_bytes(), &mut questions, &account, "2 calls").unwrap();
            assert_eq!(agreed, agrees, "{answer:?}");
            let question = String::from_utf8(questions).unwrap();
            assert!(question.starts_with("2 calls in account 111122223333. "), "{question}");
        }
    }
}
