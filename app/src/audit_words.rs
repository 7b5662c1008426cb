//! Lines of the audit log as sentences.
//!
//! To put one more action into words: a row in `DONE`, or in `TRIED` for what it is called when it is refused.

use taskwire_domain::{audit::AuditLine, share::Permission};

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Our own words.
    Words(&'static str),
    /// What somebody else wrote: to be kept apart from the words around it.
    Foreign(String),
    /// Our own words, to be noticed.
    Alarm(&'static str),
}

use Part::{Alarm, Foreign, Words};

/// What is between the pieces of a target, and the sentence. The first row of an action that can be filled counts.
///
/// `{who}` and `{your}` are whoever did it, `{target}` is what it was done to, `{1}` and `{2}` are the pieces of that,
/// `{may}` is what the permission in the last piece allows, and `{!…}` is to be noticed.
const DONE: &[(&str, &[&str], &str)] = &[
    ("account.sign_up", &[], "{who} created {your} account."),
    ("account.sign_in", &[], "{who} signed in."),
    ("account.sign_in_failed", &[], "{!Wrong password} for {target}."),
    ("account.sign_in_failed", &[], "{!Wrong password}."),
    ("account.sign_out", &[], "{who} signed out."),
    ("account.update", &[], "{who} changed {your} name to “{target}”."),
    ("account.update", &[], "{who} changed {your} name."),
    ("account.password_change", &[], "{who} changed {your} password."),
    ("account.delete", &[], "{who} deleted {your} account."),
    ("administrator.add", &[], "You administer this server now."),
    ("administrator.remove", &[], "You administer this server no more."),
    ("session.end", &[], "{who} signed another browser out."),
    ("session.end_others", &[], "{who} signed all other browsers out."),
    ("token.create", &[], "{who} made the API token “{target}”."),
    ("token.revoke", &[], "{who} revoked the API token “{target}”."),
    ("team.create", &[], "{who} made the team “{target}”."),
    ("team.update", &[], "{who} changed the team “{target}”."),
    ("team.delete", &[], "{who} deleted the team “{target}”."),
    ("team.leave", &[], "{who} left the team “{target}”."),
    ("team.transfer", &[], "{who} made {target} the owner of {team}."),
    ("team.member_add", &[" as "], "{who} added {1} to {team} as {2}."),
    ("team.member_add", &[], "{who} added {target} to {team}."),
    ("team.invite", &[" as "], "{who} invited {1} to {team} as {2}."),
    ("team.invite", &[], "{who} invited {target} to {team}."),
    ("team.uninvite", &[], "{who} took the invitation of {target} to {team} back."),
    ("team.member_change", &[" to "], "{who} changed the role of {1} in {team} to {2}."),
    ("team.member_change", &[], "{who} changed the role of {target} in {team}."),
    ("team.member_remove", &[], "{who} removed {target} from {team}."),
    ("team.join", &[], "{who} joined {team}, invited as {target}."),
    ("team.join", &[], "{who} joined {team}."),
    ("share.give", &[" with ", " to "], "{who} shared “{1}” with {2}, who may {may} it."),
    ("share.give", &[], "{who} shared “{target}”."),
    ("share.invite", &[" with ", " to "], "{who} shared “{1}” with {2}, who may {may} it after signing up."),
    ("share.invite", &[], "{who} shared “{target}” with somebody who has yet to sign up."),
    ("share.change", &[" with ", " to "], "{who} changed the share of “{1}” with {2}, who may {may} it now."),
    ("share.change", &[], "{who} changed a share of “{target}”."),
    ("share.revoke", &[" from "], "{who} stopped sharing “{1}” with {2}."),
    ("share.revoke", &[], "{who} stopped sharing “{target}”."),
    ("share.uninvite", &[" from "], "{who} took the invitation of {2} to “{1}” back."),
    ("share.uninvite", &[], "{who} took an invitation to “{target}” back."),
    ("share.decline", &[], "{who} gave the shared task “{target}” back."),
    ("tool_call.undo", &[], "{who} undid what an agent did: {target}."),
];

/// What was refused.
const TRIED: &[(&str, &str)] = &[
    ("task.list", "see the tasks of a team"),
    ("task.get", "see a task"),
    ("task.create", "make a task in a team"),
    ("task.update", "change a task"),
    ("task.delete", "delete a task"),
    ("task.restore", "bring a task back"),
    ("session.end", "sign another browser out"),
    ("token.revoke", "revoke an API token"),
    ("token.use", "use an API token for more than it is good for"),
    ("team.get", "see a team"),
    ("team.update", "change a team"),
    ("team.delete", "delete a team"),
    ("team.leave", "leave a team"),
    ("team.transfer", "hand a team over"),
    ("team.member_add", "add somebody to a team"),
    ("team.uninvite", "take an invitation to a team back"),
    ("team.member_change", "change somebody’s role in a team"),
    ("team.member_remove", "remove somebody from a team"),
    ("share.list", "see whom a task is shared with"),
    ("share.give", "share a task"),
    ("share.change", "change a share of a task"),
    ("share.revoke", "stop sharing a task"),
    ("share.uninvite", "take an invitation to a task back"),
    ("share.decline", "give a shared task back"),
    ("audit.list", "read the activity of a team"),
    ("tool_call.undo", "undo what an agent did"),
    ("performance.read", "see how the server performs"),
];

/// What happened, for people. An action that has no words is told as it is.
pub fn sentence(line: &AuditLine) -> Vec<Part> {
    if let Some(action) = line.action.strip_suffix(".denied") {
        return refused(line, action);
    }
    let rows = DONE.iter().filter(|(action, ..)| *action == line.action);
    let known = rows.filter_map(|(_, between, words)| fill(words, line, between)).next();
    known.unwrap_or_else(|| {
        let mut parts = vec![who(line), Words(": "), Foreign(line.action.clone())];
        if let Some(target) = &line.target {
            parts.extend(aside(Foreign(target.clone())));
        }
        parts
    })
}

fn refused(line: &AuditLine, action: &str) -> Vec<Part> {
    let mut parts = vec![Alarm("Refused")];
    if !line.by_viewer {
        parts.extend([Words(" to "), who(line)]);
    }
    let words = TRIED.iter().find(|(known, _)| *known == action).map(|(_, words)| Words(words));
    parts.extend([Words(": "), words.unwrap_or_else(|| Foreign(action.to_owned()))]);
    let target = line.target.as_deref().unwrap_or_default();
    match (target.split_once(':'), &line.team) {
        (Some(("task", id)), _) => parts.extend([Words(" (task "), Foreign(id.to_owned()), Words(")")]),
        (Some(("team", _)), Some(name)) => parts.extend([Words(" (“"), Foreign(name.clone()), Words("”)")]),
        (Some(("team", id)), None) => parts.extend([Words(" (team "), Foreign(id.to_owned()), Words(")")]),
        // Nobody knows their sessions and tokens by these.
        (Some(("session" | "token", _)), _) => {}
        _ if target.is_empty() => {}
        _ => parts.extend(aside(Foreign(target.to_owned()))),
    }
    parts
}

fn aside(part: Part) -> [Part; 3] {
    [Words(" ("), part, Words(")")]
}

fn who(line: &AuditLine) -> Part {
    match (&line.actor, line.by_viewer) {
        (_, true) => Words("You"),
        (Some(name), false) => Foreign(name.clone()),
        (None, false) => Words("Somebody"),
    }
}

/// The sentence, or `None` where the line lacks what it speaks of.
fn fill(words: &'static str, line: &AuditLine, between: &[&str]) -> Option<Vec<Part>> {
    let pieces = pieces(line.target.as_deref().unwrap_or_default(), between)?;
    let mut parts = Vec::new();
    for (n, piece) in words.split('{').enumerate() {
        let rest = match piece.split_once('}') {
            Some((key, rest)) if n > 0 => {
                parts.extend(value(key, line, &pieces)?);
                rest
            }
            _ => piece,
        };
        parts.extend((!rest.is_empty()).then_some(Words(rest)));
    }
    Some(parts)
}

fn value(key: &'static str, line: &AuditLine, pieces: &[&str]) -> Option<Vec<Part>> {
    let piece = |n: usize| pieces.get(n).map(|piece| vec![Foreign((*piece).to_owned())]);
    match key {
        "who" => Some(vec![who(line)]),
        "your" => Some(vec![Words(if line.by_viewer { "your" } else { "their" })]),
        "target" => line.target.clone().map(|target| vec![Foreign(target)]),
        "team" => Some(match &line.team {
            Some(name) => vec![Words("the team “"), Foreign(name.clone()), Words("”")],
            None => vec![Words("a team")],
        }),
        "may" => Some(vec![Words(match pieces.last()?.parse().ok()? {
            Permission::View => "see",
            Permission::Edit => "change",
        })]),
        "1" => piece(0),
        "2" => piece(1),
        _ => key.strip_prefix('!').map(|words| vec![Alarm(words)]),
    }
}

/// The pieces of a target, taken off from its end: the first one may hold anything, also what stands between others,
/// and the others are addresses and words of our own, which have no spaces.
fn pieces<'a>(target: &'a str, between: &[&str]) -> Option<Vec<&'a str>> {
    let (mut first, mut others) = (target, Vec::new());
    for separator in between.iter().rev() {
        let (before, after) = first.rsplit_once(separator)?;
        others.push(after);
        first = before;
    }
    let cut_off = others.iter().any(|piece| piece.is_empty() || piece.contains(char::is_whitespace));
    (!cut_off).then(|| [first].into_iter().chain(others.into_iter().rev()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(action: &str, target: &str) -> AuditLine {
        AuditLine {
            id: 1,
            at: Default::default(),
            by_viewer: true,
            actor: Some("Ada".to_owned()),
            action: action.to_owned(),
            target: (!target.is_empty()).then(|| target.to_owned()),
            team: None,
            address: None,
            user_agent: None,
        }
    }

    fn in_team(line: AuditLine) -> AuditLine {
        AuditLine { team: Some("Crew".to_owned()), ..line }
    }

    fn by(actor: Option<&str>, line: AuditLine) -> AuditLine {
        AuditLine { by_viewer: false, actor: actor.map(str::to_owned), ..line }
    }

    fn said(line: AuditLine) -> String {
        let text = |part: Part| match part {
            Words(text) | Alarm(text) => text.to_owned(),
            Foreign(text) => text,
        };
        sentence(&line).into_iter().map(text).collect()
    }

    #[test]
    fn what_the_viewer_did_and_what_others_did() {
        assert_eq!(said(line("account.sign_in", "session:0198")), "You signed in.");
        assert_eq!(said(line("account.password_change", "")), "You changed your password.");
        assert_eq!(said(by(Some("Bob"), line("account.update", "Rob"))), "Bob changed their name to “Rob”.");
        assert_eq!(said(by(None, line("account.sign_out", "session:0198"))), "Somebody signed out.");
    }

    #[test]
    fn a_failed_sign_in_is_to_be_noticed() {
        let line = by(None, line("account.sign_in_failed", "ada@example.org"));
        assert_eq!(sentence(&line).first(), Some(&Alarm("Wrong password")));
        assert_eq!(said(line), "Wrong password for ada@example.org.");
    }

    #[test]
    fn teams_have_their_names_where_they_are_known() {
        let added = line("team.member_add", "bob@example.org as member");
        assert_eq!(said(added.clone()), "You added bob@example.org to a team as member.");
        assert_eq!(said(in_team(added)), "You added bob@example.org to the team “Crew” as member.");
        let changed = by(Some("Bob"), in_team(line("team.member_change", "eve@example.org to viewer")));
        assert_eq!(said(changed), "Bob changed the role of eve@example.org in the team “Crew” to viewer.");
        let given = in_team(line("team.transfer", "Bob <bob@example.org>"));
        assert_eq!(said(given), "You made Bob <bob@example.org> the owner of the team “Crew”.");
    }

    #[test]
    fn a_title_may_read_like_the_words_after_it() {
        let shared = line("share.give", "Go with eve@example.org to view with bob@example.org to edit");
        let wanted = "You shared “Go with eve@example.org to view” with bob@example.org, who may change it.";
        assert_eq!(said(shared), wanted);
        let changed = line("share.change", "Go with eve@example.org to edit with bob@example.org to view");
        let wanted =
            "You changed the share of “Go with eve@example.org to edit” with bob@example.org, who may see it now.";
        assert_eq!(said(changed), wanted);
        let parts = sentence(&line("share.revoke", "A from b from bob@example.org"));
        assert!(
            parts.contains(&Foreign("A from b".to_owned())) && parts.contains(&Foreign("bob@example.org".to_owned()))
        );
    }

    #[test]
    fn a_target_that_was_cut_off_stays_in_one_piece() {
        assert_eq!(
            said(line("share.give", "Meet with Ann to talk about")),
            "You shared “Meet with Ann to talk about”."
        );
        assert_eq!(said(line("share.revoke", "A long title fro")), "You stopped sharing “A long title fro”.");
        assert_eq!(
            said(line("share.invite", "Meet with ")),
            "You shared “Meet with ” with somebody who has yet to sign up."
        );
    }

    #[test]
    fn a_refused_attempt_says_what_was_tried() {
        assert_eq!(said(line("task.update.denied", "task:12")), "Refused: change a task (task 12)");
        let other = by(Some("Bob"), in_team(line("team.update.denied", "team:0198")));
        assert_eq!(said(other), "Refused to Bob: change a team (“Crew”)");
        assert_eq!(said(line("team.get.denied", "team:0198")), "Refused: see a team (team 0198)");
        assert_eq!(said(line("session.end.denied", "session:0198")), "Refused: sign another browser out");
        assert_eq!(said(line("task.paint.denied", "red")), "Refused: task.paint (red)");
        assert_eq!(sentence(&line("task.get.denied", "task:1")).first(), Some(&Alarm("Refused")));
    }

    #[test]
    fn an_unknown_action_is_told_as_it_is() {
        assert_eq!(said(line("task.paint", "red")), "You: task.paint (red)");
        assert_eq!(said(line("team.create", "")), "You: team.create", "a line that lacks its target");
    }

    #[test]
    fn every_row_can_be_filled() {
        for (action, between, words) in DONE {
            let target = ["Title", "bob@example.org", "view"].map(str::to_owned);
            let separated =
                between.iter().zip(target.iter().skip(1)).map(|(between, piece)| format!("{between}{piece}"));
            let target = format!("Title{}", separated.collect::<String>());
            assert!(fill(words, &in_team(line(action, &target)), between).is_some(), "{action}: {words}");
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    const PIECES: &[&str] = &[
        "Go",
        " with ",
        " to ",
        " from ",
        " as ",
        "eve@example.org",
        "view",
        "edit",
        "task:",
        "team:",
        "session:",
        "7",
        "{who}",
        "“",
        " ",
        "\u{a0}",
    ];

    fn line(action: String, target: Option<String>) -> AuditLine {
        AuditLine {
            id: 1,
            at: Default::default(),
            by_viewer: false,
            actor: Some("Ada".to_owned()),
            action,
            target,
            team: None,
            address: None,
            user_agent: None,
        }
    }

    fn foreign(line: &AuditLine) -> Vec<String> {
        let parts = sentence(line).into_iter();
        parts.filter_map(|part| if let Foreign(text) = part { Some(text) } else { None }).collect()
    }

    #[test]
    fn what_others_wrote_is_told_apart_and_nothing_is_made_up() {
        let target = (text(PIECES), produce::<(Option<u8>, bool, bool)>());
        check!().with_generator((target, text(&["task.get", ".denied", "share"]))).for_each(
            |((target, (row, denied, by_viewer)), unknown)| {
                let known = row.map(|row| DONE[usize::from(row) % DONE.len()].0.to_owned());
                let action = known.unwrap_or_else(|| unknown.clone()) + if *denied { ".denied" } else { "" };
                let target = Some(target.clone()).filter(|target| !target.is_empty());
                let line = AuditLine { by_viewer: *by_viewer, ..line(action, target) };
                assert!(!sentence(&line).is_empty());
                for text in foreign(&line) {
                    let stands_in = |whole: &str| whole.contains(&text);
                    let said = [Some(line.action.as_str()), line.target.as_deref(), Some("Ada")];
                    assert!(said.into_iter().flatten().any(stands_in), "{text:?} of {line:?}");
                }
            },
        );
    }

    #[test]
    fn a_share_is_told_with_its_title_and_its_person_whatever_they_are_called() {
        let share = (text(PIECES), text(&["eve", "@example.org", "to", "with"]), produce::<bool>());
        check!().with_generator(share).for_each(|(title, email, edit)| {
            if email.is_empty() || email.contains(char::is_whitespace) {
                return;
            }
            let permission = if *edit { Permission::Edit } else { Permission::View };
            let target = format!("{title} with {email} to {permission}");
            assert_eq!(foreign(&line("share.give".to_owned(), Some(target))), ["Ada", title, email]);
            let target = format!("{title} from {email}");
            assert_eq!(foreign(&line("share.revoke".to_owned(), Some(target))), ["Ada", title, email]);
        });
    }
}
