//! What one person could try now: every operation on everything there is, and on what there is not.

use super::{
    attempts::Attempt,
    bench::{Bench, place},
    doors::{Door, Outcome},
    rest,
    truth::{Truth, markers},
};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use std::collections::BTreeSet;
use taskwire_domain::{
    SessionId, TaskId, TeamId, TokenId, ToolCallId, UserId,
    rights::{TaskAction, TeamAction},
    share::Permission,
    task::{Source, Status},
    team::Role,
};
use uuid::Uuid;

/// The id of nothing.
pub const NO_TASK: TaskId = TaskId(9_000_000);
/// The id of nobody, and of nothing.
pub const NO_UUID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

/// The zones that people move to.
const ZONES: [&str; 3] = ["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"];

/// Everything for one person; `mark` is what new texts bear.
pub fn candidates(truth: &Truth, me: UserId, session: SessionId, random: &mut StdRng, mark: usize) -> Vec<Attempt> {
    let mine = truth.user(me).unwrap();
    let of_mine = markers(&mine.name).into_iter().next().unwrap();
    let mut all = vec![
        Attempt::AccountGet { whole: false },
        Attempt::AccountGet { whole: true },
        Attempt::AccountUpdate { name: format!("{of_mine} for {mark}") },
        Attempt::AccountPassword,
        Attempt::AccountDelete,
        Attempt::AccountZone { zone: ZONES.choose(random).unwrap() },
        Attempt::TimeZones,
        Attempt::SessionList { one: None },
        Attempt::SessionList { one: Some(SessionId(NO_UUID)) },
        Attempt::SessionEndOthers,
        Attempt::SessionEnd { id: SessionId(NO_UUID) },
        Attempt::TokenList { one: None },
        Attempt::TokenList { one: Some(TokenId(NO_UUID)) },
        Attempt::TokenCreate { name: format!("secret-token-{mark}") },
        Attempt::TokenRevoke { id: TokenId(NO_UUID) },
        Attempt::AuditList { team: None, before: None },
        Attempt::AuditList { team: None, before: Some(random.random_range(1..100)) },
        Attempt::TaskList { source: Source::All },
        Attempt::TaskList { source: Source::Own },
        Attempt::TaskList { source: Source::Shared },
        Attempt::TaskSearch { text: format!("SECRET-TASK-{}", random.random_range(1..10)) },
        Attempt::TaskCreate { title: format!("secret-task-{mark}"), team: None },
        Attempt::TaskImport { title: format!("secret-import-{mark}") },
        Attempt::ShareByMe,
        Attempt::Performance,
        Attempt::ToolCallList,
        Attempt::ToolCallUndo { id: ToolCallId(NO_UUID) },
        Attempt::ToolCallUndoSince,
        Attempt::TeamList,
        Attempt::TeamCreate { name: format!("secret-team-{mark}") },
    ];
    all.extend(rest::DASHBOARD.map(|part| Attempt::Dashboard { part }));
    all.extend(truth.sessions.iter().map(|row| Attempt::SessionList { one: Some(row.id) }));
    all.extend(truth.api_tokens.iter().map(|row| Attempt::TokenList { one: Some(row.id) }));
    // The session that is in use stays.
    let sessions = truth.sessions.iter().filter(|row| row.id != session);
    all.extend(sessions.map(|row| Attempt::SessionEnd { id: row.id }));
    all.extend(truth.api_tokens.iter().map(|row| Attempt::TokenRevoke { id: row.id }));
    all.extend(truth.tool_calls.iter().map(|row| Attempt::ToolCallUndo { id: row.id }));
    let tasks = truth.tasks.iter().chain(&truth.deleted_tasks).map(|task| task.id).chain([NO_TASK]);
    for id in tasks {
        on_task(&mut all, truth, me, id, random, mark);
    }
    for id in truth.teams.iter().map(|team| team.id).chain([TeamId(NO_UUID)]) {
        on_team(&mut all, truth, me, id, random, mark);
    }
    all
}

/// A new text for something: with the marker that it has, if the viewer knows that.
fn rewritten(text: Option<&str>, mark: usize) -> String {
    let kept = text.and_then(|text| markers(text).into_iter().next()).unwrap_or_else(|| "Stolen".to_owned());
    format!("{kept} as of {mark}")
}

fn on_task(all: &mut Vec<Attempt>, truth: &Truth, me: UserId, id: TaskId, random: &mut StdRng, mark: usize) {
    let visible = truth.task(id).filter(|task| truth.may(me, task, TaskAction::View));
    let version = truth.task(id).map_or(1, |task| task.version);
    all.extend([
        Attempt::TaskGet { id },
        Attempt::TaskUpdate { id, version, title: rewritten(visible.map(|task| &*task.title), mark) },
        Attempt::TaskStatus { id, status: Status::Completed },
        Attempt::TaskStatus { id, status: Status::Pending },
        Attempt::TaskDelete { id },
        Attempt::TaskDeleted { id },
        Attempt::TaskRestore { id },
        Attempt::ShareList { id },
        Attempt::ShareDecline { id },
        Attempt::ShareRevoke { id, user: UserId(NO_UUID) },
        Attempt::ShareRevoke { id, user: me },
    ]);
    let others: Vec<_> = truth.users.iter().filter(|user| user.id != me).collect();
    let having: Vec<_> = others.iter().filter(|user| truth.share(id, user.id).is_some()).collect();
    all.extend(having.iter().map(|user| Attempt::ShareRevoke { id, user: user.id }));
    let permission = if random.random() { Permission::View } else { Permission::Edit };
    let emails = others.iter().map(|user| user.email.clone()).filter(|_| random.random_ratio(1, 3)).collect::<Vec<_>>();
    let own = truth.user(me).map(|user| user.email.clone());
    let guest = format!("secret-guest-{mark}@example.org");
    let anybody = emails.into_iter().chain(own).chain([guest.clone()]);
    // Nobody raises their own share, nor one that is not there.
    all.extend(anybody.flat_map(|email| {
        let change = Attempt::ShareChange { id, email: email.clone(), permission };
        [Attempt::ShareGive { id, email, permission }, change]
    }));
    let invited = truth.share_invitations.iter().filter(|row| row.task_id == id).map(|row| row.email.clone());
    // Also of those who have taken theirs up by now.
    let taken_up = having.iter().map(|user| user.email.clone());
    for email in invited.chain(taken_up) {
        all.extend([
            Attempt::ShareChange { id, email: email.clone(), permission },
            Attempt::ShareUninvite { id, email },
        ]);
    }
    all.push(Attempt::ShareUninvite { id, email: guest });
}

fn on_team(all: &mut Vec<Attempt>, truth: &Truth, me: UserId, id: TeamId, random: &mut StdRng, mark: usize) {
    let visible = truth.team(id).filter(|team| truth.may_in(me, team.id, TeamAction::View));
    let version = truth.team(id).map_or(1, |team| team.version);
    let taken = truth.teams.choose(random).map_or_else(String::new, |team| team.name.clone());
    all.extend([
        Attempt::AuditList { team: Some(id), before: None },
        Attempt::TaskList { source: Source::Team(id) },
        Attempt::TaskCreate { title: format!("secret-task-{mark}"), team: Some(id) },
        Attempt::TeamUpdate { id, version, name: rewritten(visible.map(|team| &*team.name), mark) },
        Attempt::TeamDelete { id },
        Attempt::TeamLeave { id },
    ]);
    all.extend(rest::TEAM_PARTS.map(|part| Attempt::TeamGet { id, part }));
    if !taken.is_empty() {
        all.extend([Attempt::TeamUpdate { id, version, name: taken.clone() }, Attempt::TeamCreate { name: taken }]);
    }
    for user in truth.users.iter().map(|user| user.id).chain([UserId(NO_UUID)]) {
        all.extend([Attempt::TeamTransfer { id, to: user }, Attempt::MemberRemove { id, user }]);
        let given = [Role::Admin, Role::Member, Role::Viewer];
        all.extend(given.map(|role| Attempt::MemberChange { id, user, role }));
    }
    let guest = format!("secret-guest-{mark}@example.org");
    for role in [Role::Admin, Role::Member, Role::Viewer] {
        let people = truth.users.iter().map(|user| user.email.clone()).filter(|_| random.random_ratio(1, 2));
        let emails: Vec<_> = people.chain([guest.clone()]).collect();
        all.extend(emails.into_iter().map(|email| Attempt::MemberAdd { id, email, role }));
    }
    let invited = truth.team_invitations.iter().filter(|row| row.team_id == id).map(|row| row.email.clone());
    let members = truth.users.iter().filter(|user| truth.role(id, user.id).is_some()).map(|user| user.email.clone());
    all.extend(invited.chain(members).chain([guest]).map(|email| Attempt::TeamUninvite { id, email }));
}

/// Something to try: what nobody has tried yet, something that is allowed, or anything. Through this door, or through any.
pub fn by_chance(bench: &mut Bench, who: usize, through: Option<Door>) -> (Door, Attempt) {
    let (me, other) = (bench.me(who), bench.me((who + 1) % bench.society.people.len()));
    let mut all: Vec<(Door, Attempt)> = Vec::new();
    for attempt in bench.candidates(who) {
        let mut doors = vec![Door::Backend, Door::Rpc, Door::Claim(other)];
        doors.extend((!attempt.reads()).then_some(Door::Form));
        doors.extend(attempt.rest(me).map(|_| Door::Rest));
        doors.extend(attempt.is_for_agents(&bench.truth, me).then_some(Door::Mcp));
        let doors = through.map_or(doors, |door| vec![door]);
        all.extend(doors.into_iter().map(|door| (door, attempt.clone())));
    }
    let (truth, tried) = (&bench.truth, &bench.tried);
    let is_done = |attempt: &Attempt| attempt.expected(truth, me) == Outcome::Done;
    // With fewer teams there is little left to try.
    let ends_a_team = |attempt: &Attempt| match attempt {
        Attempt::TeamDelete { .. } => true,
        Attempt::AccountDelete => truth.teams.iter().any(|team| truth.owner(team.id) == Some(me)),
        _ => false,
    };
    // Nobody would be left who may see how the server performs.
    let ends_administration = |attempt: &Attempt| matches!(attempt, Attempt::AccountDelete) && truth.administers(me);
    all.retain(|(_, attempt)| !ends_administration(attempt));
    all.retain(|(_, attempt)| truth.teams.len() > 3 || !ends_a_team(attempt) || !is_done(attempt));
    let is_new = |(door, attempt): &(Door, Attempt)| {
        !tried.contains_key(&(place(*door, attempt, me), attempt.expected(truth, me)))
    };
    let kind = bench.society.random.random_range(0..4);
    let wanted: Vec<_> =
        all.iter().filter(|it| if kind < 2 { is_new(it) } else { kind < 3 && is_done(&it.1) }).collect();
    let pool = if wanted.is_empty() { all.iter().collect() } else { wanted };
    // First the place and then the thing, because some operations have many targets.
    let places: BTreeSet<_> = pool.iter().map(|(door, attempt)| place(*door, attempt, me)).collect();
    let places: Vec<_> = places.into_iter().collect();
    let chosen = places.choose(&mut bench.society.random).unwrap();
    let there: Vec<_> = pool.into_iter().filter(|(door, attempt)| place(*door, attempt, me) == *chosen).collect();
    (*there.choose(&mut bench.society.random).unwrap()).clone()
}
