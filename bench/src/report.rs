//! Tables of what was measured.
//!
//! Absolute numbers depend on the machine and on the minute. What is compared ran alternately, so every round
//! has a ratio of its own, and the median of those is what holds.

use anyhow::{Context, Result, ensure};
use std::fmt::Write;

/// One run of the load generator.
#[derive(Debug, Clone, PartialEq)]
struct Run {
    figure: String,
    side: String,
    round: u32,
    throughput: f64,
    p50: f64,
    p99: f64,
    errors: u64,
}

impl Run {
    /// A line of `bench/load.lua`, whose first fields are what `scripts/bench` called the run.
    fn parse(line: &str) -> Result<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next().context("a field is missing");
        Ok(Self {
            figure: next()?.to_owned(),
            side: next()?.to_owned(),
            round: next()?.parse()?,
            throughput: next()?.parse()?,
            p50: next()?.parse()?,
            p99: next()?.parse()?,
            errors: next()?.parse()?,
        })
    }
}

/// A table for every figure, in the order of the file. The side that ran first is what the others are compared with.
pub fn table(results: &str) -> Result<String> {
    let runs: Vec<Run> = results
        .lines()
        .map(|line| Run::parse(line).with_context(|| format!("cannot read {line:?}")))
        .collect::<Result<_>>()?;
    let mut text = String::new();
    for figure in distinct(runs.iter().map(|run| &run.figure)) {
        let runs: Vec<&Run> = runs.iter().filter(|run| run.figure == figure).collect();
        let sides = distinct(runs.iter().map(|run| &run.side));
        let base: Vec<&Run> = side(&runs, sides.first().context("no sides")?);
        writeln!(text, "{figure} (medians of {} rounds; in brackets the range)", base.len())?;
        writeln!(
            text,
            "  {:<24} {:>28} {:>9} {:>26} {:>11} {:>11} {:>7}",
            "", "requests/s", "p50 ms", "p99 ms", "throughput", "p99", "errors"
        )?;
        for name in &sides {
            let own = side(&runs, name);
            ensure!(own.len() == base.len(), "{figure}: {name} has not run as often as {:?}", sides.first());
            let of = |value: fn(&Run) -> f64| own.iter().map(|run| value(run)).collect::<Vec<_>>();
            let against = |value: fn(&Run) -> f64| {
                median(own.iter().zip(&base).map(|(run, base)| value(run) / value(base)).collect())
            };
            writeln!(
                text,
                "  {name:<24} {:>28} {:>9.2} {:>26} {:>10.2}x {:>10.2}x {:>7}",
                with_range(of(|run| run.throughput), 0),
                median(of(|run| run.p50)),
                with_range(of(|run| run.p99), 2),
                against(|run| run.throughput),
                against(|run| run.p99),
                own.iter().map(|run| run.errors).sum::<u64>(),
            )?;
        }
        text.push('\n');
    }
    Ok(text)
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    names.fold(Vec::new(), |mut seen, name| {
        if !seen.contains(name) {
            seen.push(name.clone());
        }
        seen
    })
}

fn side<'a>(runs: &[&'a Run], name: &str) -> Vec<&'a Run> {
    let mut own: Vec<&Run> = runs.iter().copied().filter(|run| run.side == name).collect();
    own.sort_by_key(|run| run.round);
    own
}

fn with_range(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.first().copied().unwrap_or(f64::NAN), values.last().copied().unwrap_or(f64::NAN));
    format!("{:.digits$} [{low:.digits$}–{high:.digits$}]", median(values))
}

/// The middle one, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    if values.len().is_multiple_of(2) { f64::midpoint(at(middle.wrapping_sub(1)), at(middle)) } else { at(middle) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn sides_are_compared_round_by_round() {
        let results =
            "a\tfloor\t1\t100\t1\t2\t0\na\tours\t1\t50\t2\t3\t0\na\tfloor\t2\t200\t1\t2\t0\na\tours\t2\t150\t2\t4\t1\n";
        let text = table(results).unwrap();
        let ours = text.lines().find(|line| line.contains("ours")).unwrap();
        assert!(ours.contains("100 [50–150]") && ours.contains("0.62x") && ours.contains("1.75x"), "{text}");
    }

    #[test]
    fn a_side_that_failed_to_run_is_told() {
        assert!(table("a\tfloor\t1\t1\t1\t1\t0\na\tours\t1\t1\t1\t1\t0\na\tfloor\t2\t1\t1\t1\t0").is_err());
    }
}
