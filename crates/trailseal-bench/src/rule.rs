//! The pure rule: evaluations per second on one core, and the cost of each further trail.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use serde_json::Value;
use trailseal_rule::{
    ConfigurationItem, Evaluation, EvaluationContext, Facts, Invocation, KeyArn, KeyFacts,
    Parameters, Reading, Region, ResourceId, Timestamp, Trail, evaluate,
};

use crate::figure::{Figure, Sorted};
use crate::testbed::{ACCOUNT, REGION, RULE, item, key_arn};

const ROUNDS: usize = 20;
const TRAILS: [usize; 4] = [1, 100, 10_000, 100_000];
const CAPTURED: &str = "2026-11-23T10:00:00.125Z";

/// A trail, its facts and the ID under which it is reported.
type Case = (Trail, Facts, ResourceId);

pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let now = Timestamp::parse(CAPTURED)?;
    let effective =
        Parameters::parse(&serde_json::Map::new()).map_err(|error| error.to_string())?;
    let context = EvaluationContext { parameters: &effective, now };
    for trails in TRAILS {
        let cases = (0..trails).map(case).collect::<Result<Vec<_>, _>>()?;
        let repeats = 400_000_usize.div_ceil(trails);
        let rates = (0..ROUNDS).map(|_| {
            let begun = Instant::now();
            for _ in 0..repeats {
                for case in &cases {
                    black_box(judge(&context, black_box(case), now));
                }
            }
            (repeats * trails) as f64 / begun.elapsed().as_secs_f64()
        });
        let rates = Sorted::of(rates.collect());
        let words = format!("the rule alone: judgements a second on one core, {trails} trails");
        Figure::median(&format!("rule.{trails}"), &words, &rates, "/s").print()?;
    }
    read_and_judge(&context, now)
}

/// The function's work without calls: from facts to the evaluation.
fn judge(context: &EvaluationContext<'_>, (trail, facts, id): &Case, now: Timestamp) -> Evaluation {
    let judgement = evaluate(context, trail, facts);
    judgement.evaluation(id.clone(), context.parameters.unverified, now)
}

/// The same from the bytes of an event.
fn read_and_judge(context: &EvaluationContext<'_>, now: Timestamp) -> Result<(), Box<dyn Error>> {
    let event = trailseal_lab::RuleEvent::of_item(ACCOUNT, REGION, RULE, &item(0));
    let event = event.to_json("token").to_string();
    let case = case(0)?;
    Invocation::parse(event.as_bytes())?;
    let repeats = 20_000;
    let rates = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        for _ in 0..repeats {
            let _measured = black_box(Invocation::parse(black_box(event.as_bytes())));
            black_box(judge(context, black_box(&case), now));
        }
        f64::from(repeats) / begun.elapsed().as_secs_f64()
    });
    let words = "the rule alone: events read and judged a second on one core";
    Figure::median("rule.events", words, &Sorted::of(rates.collect()), "/s").print()
}

fn case(number: usize) -> Result<Case, Box<dyn Error>> {
    let item: Value = item(number);
    let item = ConfigurationItem::parse(&item).map_err(|error| error.to_string())?;
    let trail = Trail::from_item(&item).map_err(|error| error.to_string())?;
    let facts = Facts {
        key: Reading::Known(KeyFacts::symmetric(KeyArn::parse(&key_arn(number))?)),
        bucket_region: Reading::Known(Region::parse(REGION)?),
        ..Facts::unread()
    };
    let id = ResourceId::new(trail.arn.name()).ok_or("no id")?;
    Ok((trail, facts, id))
}
