//! Tries one thing, and compares what came of it with what ought to.

use super::{
    answers::{comparable, expected_answer},
    attempts::Attempt,
    audit,
    candidates::{NO_TASK, NO_UUID, candidates},
    doors::{Door, Outcome},
    society::Society,
    table::PAGES,
    tools,
    truth::{Truth, markers},
};
use axum::http::StatusCode;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};
use taskwire_domain::{
    TaskId, TeamId, UserId,
    rights::{TaskAction, TeamAction},
};

pub struct Bench {
    pub society: Society,
    pub truth: Rc<Truth>,
    /// How often each place and outcome was tried.
    pub tried: BTreeMap<(String, Outcome), usize>,
    /// What differs from what ought to be.
    pub faults: Vec<String>,
    last_line: i64,
}

/// A door of one operation, by name.
pub fn place(door: Door, attempt: &Attempt, me: UserId) -> String {
    match door {
        Door::Backend => attempt.operation().to_owned(),
        Door::Rpc => attempt.call().0.to_owned(),
        Door::Form => format!("form {}", attempt.call().0),
        Door::Rest => attempt.rest(me).map(|call| format!("{} {}", call.method, call.template)).unwrap_or_default(),
        Door::Mcp => attempt.tool().map(|(tool, _)| format!("tool {tool}")).unwrap_or_default(),
        Door::Claim(_) => format!("claim {}", attempt.call().0),
    }
}

impl Bench {
    pub async fn new(db: PgConnectOptions, seed: u64) -> Self {
        let mut society = Society::random(db, seed).await;
        let truth = Rc::new(society.truth().await);
        let mut bench = Self { society, truth, tried: BTreeMap::new(), faults: Vec::new(), last_line: 0 };
        bench.news().await;
        bench
    }

    pub fn me(&self, who: usize) -> UserId {
        self.society.people[who].viewer.user_id
    }

    /// What somebody could try now.
    pub fn candidates(&mut self, who: usize) -> Vec<Attempt> {
        let mark = self.society.mark("new").trim_start_matches("secret-new-").parse().unwrap();
        let viewer = &self.society.people[who].viewer;
        candidates(&self.truth, viewer.user_id, viewer.session().unwrap(), &mut self.society.random, mark)
    }

    /// Whether it would change nothing, because it only reads or is refused.
    pub fn changes_nothing(&self, who: usize, attempt: &Attempt) -> bool {
        attempt.reads() || attempt.expected(&self.truth, self.me(who)) != Outcome::Done
    }

    /// Looks at what is so now, and at the new lines of the log.
    async fn news(&mut self) -> Vec<audit::LineRow> {
        let Society { database, reading, .. } = &mut self.society;
        let (digest, lines) = audit::since(database, reading, self.last_line).await;
        self.last_line = lines.last().map_or(self.last_line, |line| line.id);
        if digest != self.truth.digest {
            self.truth = Rc::new(self.society.truth().await);
        }
        lines
    }

    /// Tries something and looks at everything that came of it.
    pub async fn attempt(&mut self, who: usize, door: Door, attempt: &Attempt) {
        let me = self.me(who);
        let expected = attempt.expected(&self.truth, me);
        let person = &mut self.society.people[who];
        let (outcome, answer) = attempt.through(door, person, &self.society.app.backend).await;
        *self.tried.entry((place(door, attempt, me), outcome)).or_default() += 1;
        if door == Door::Mcp {
            self.society.forget_calls_of(tools::CLIENT).await;
        }
        let before = Rc::clone(&self.truth);
        let lines = self.news().await;

        let denied = attempt.denied_tool(outcome).filter(|_| door == Door::Mcp).map(ToOwned::to_owned);
        let denied = denied.unwrap_or_else(|| attempt.logged());
        let mut faults = attempt.faults_of_lines(&denied, outcome, me, (&before, &self.truth), &lines);
        if outcome != expected {
            faults.push(format!("it came to {outcome:?} instead of {expected:?}: {answer}"));
        }
        if (outcome != Outcome::Done || attempt.reads()) && before.digest != self.truth.digest {
            faults.push("it changed something".to_owned());
        }
        let asked = markers(&format!("{:?}", attempt.call()));
        let log = matches!(attempt, Attempt::AuditList { .. });
        let foreign = &markers(&answer.to_string()) - &(&self.truth.known(me) | &asked);
        // The log keeps what one knew once; it is compared line by line.
        if !foreign.is_empty() && !log {
            faults.push(format!("the answer tells of {foreign:?}"));
        }
        if door != Door::Form {
            let viewer = &self.society.people[who].viewer;
            let wanted = match outcome {
                Outcome::Done => {
                    let database = &mut self.society.database;
                    expected_answer(attempt, viewer, (&before, &self.truth), database, &answer).await
                }
                Outcome::NotFound => Some(json!({ "refused": "not_found" })),
                Outcome::Forbidden => Some(json!({ "refused": "forbidden" })),
                _ => None,
            };
            let wanted = wanted.map(|value| match door {
                Door::Rest => attempt.as_rest(value),
                Door::Mcp => attempt.as_tool(value),
                _ => value,
            });
            if let Some(wanted) = wanted.map(|value| comparable(&value))
                && wanted != comparable(&answer)
            {
                faults.push(format!("the answer is {} instead of {wanted}", comparable(&answer)));
            }
        }
        let is_gone = outcome == Outcome::Done && matches!(attempt, Attempt::AccountDelete);
        if is_gone {
            faults.extend(before.faults_of_end(me, &self.truth));
        }
        self.complain(who, &format!("by {door:?}: {attempt:?}"), faults);
        if is_gone {
            self.society.replace(who).await;
            self.news().await;
        }
    }

    /// Asks for a page; `{task}` and `{team}` in its pattern are what is asked for.
    async fn page(&mut self, who: usize, pattern: &str, task: TaskId, team: TeamId) {
        let path = pattern.replace("{task}", &task.to_string()).replace("{team}", &team.to_string());
        let me = self.me(who);
        let page = self.society.people[who].browser.page(&path).await;
        let truth = &*self.truth;
        let sees_task = truth.task(task).is_some_and(|row| truth.may(me, row, TaskAction::View));
        let sees_team = truth.role(team, me).is_some();
        let wanted: &[StatusCode] = match pattern {
            _ if pattern.contains("{task}") && !sees_task => &[StatusCode::NOT_FOUND],
            _ if pattern.contains("{team}") && !sees_team => &[StatusCode::NOT_FOUND],
            "/admin/performance" if !truth.administers(me) => &[StatusCode::FORBIDDEN],
            "/activity?team={team}" if !truth.may_in(me, team, TeamAction::ReadLog) => &[StatusCode::FORBIDDEN],
            // What it offers depends on the role; whether the page itself is refused is the page's to say.
            "/teams/{team}/settings" => &[StatusCode::OK, StatusCode::FORBIDDEN],
            _ => &[StatusCode::OK],
        };
        let mut faults = Vec::new();
        if !wanted.contains(&page.status) {
            faults.push(format!("it came to {} instead of {wanted:?}", page.status));
        }
        let mut known = truth.known(me);
        if pattern.starts_with("/activity") {
            let of = Some(team).filter(|_| pattern.contains("{team}") && page.status == StatusCode::OK);
            let log = audit::page(&mut self.society.database, truth, me, of, None).await;
            known.extend(markers(&serde_json::to_string(&log).unwrap()));
        }
        let told = markers(&page.text());
        let foreign = &told - &known;
        if !foreign.is_empty() {
            faults.push(format!("it tells of {foreign:?}"));
        }
        // Else a page that shows nothing would pass.
        let task = truth.task(task).filter(|_| sees_task && pattern.contains("{task}")).map(|task| &task.title);
        let team = truth.team(team).filter(|_| sees_team && pattern.starts_with("/teams/")).map(|team| &team.name);
        let about = task.or(team).map(|text| markers(text)).unwrap_or_default();
        if page.status == StatusCode::OK && !about.is_subset(&told) {
            faults.push(format!("it does not tell of {about:?}"));
        }
        *self.tried.entry((format!("page {pattern}"), Outcome::of(page.status))).or_default() += 1;
        self.complain(who, &format!("asks for {path} ({pattern})"), faults);
        self.news().await;
    }

    /// Every page, with everything there is, for one person.
    pub async fn pages(&mut self, who: usize) {
        let truth = &self.truth;
        let tasks = truth.tasks.iter().chain(&truth.deleted_tasks).map(|task| task.id).chain([NO_TASK]);
        let teams = truth.teams.iter().map(|team| team.id).chain([TeamId(NO_UUID)]);
        let (tasks, teams): (Vec<_>, Vec<_>) = (tasks.collect(), teams.collect());
        for pattern in PAGES {
            let tasks = if pattern.contains("{task}") { &tasks[..] } else { &[NO_TASK] };
            let teams = if pattern.contains("{team}") { &teams[..] } else { &[TeamId(NO_UUID)] };
            for task in tasks {
                for team in teams {
                    self.page(who, pattern, *task, *team).await;
                }
            }
        }
    }

    fn complain(&mut self, who: usize, what: &str, faults: Vec<String>) {
        let name = self.truth.user(self.me(who)).map_or("somebody who is gone", |user| &user.name);
        let faults: Vec<_> = faults.into_iter().map(|fault| format!("{name} {what}: {fault}")).collect();
        self.faults.extend(faults);
    }

    /// Ends the test, with what is wrong.
    pub fn report(&self) {
        let attempts: usize = self.tried.values().sum();
        println!("{attempts} attempts in {} combinations of place and outcome", self.tried.len());
        let shown: BTreeSet<_> = self.faults.iter().take(25).collect();
        assert!(shown.is_empty(), "{} faults, such as {shown:#?}", self.faults.len());
    }
}
