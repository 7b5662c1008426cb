//! What happened to the person's account, or in a team whose log they may read.

use crate::{
    components::{
        audit_line::AuditEntry, empty::Empty, icon::Icon, load::Load, page::Page, pager::Pager, skeleton::Skeleton,
    },
    request,
    rpc::{self, RpcError},
};
use futures::try_join;
use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};
use taskwire_domain::{
    Error, TeamId,
    audit::{AuditPage, AuditQuery},
    rights::TeamAction,
    team::Team,
};

/// The audit log; the address carries whose, and from where.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(read));
    let data = rpc::remote(move || asked.get(), |asked| async { try_join!(log(asked), rpc::team::list()) });
    let title = ArcRwSignal::new("Activity".to_owned());
    let window_title = {
        let title = title.clone();
        move || title.get()
    };
    view! {
        <Page title=window_title class="page-narrow">
            <p class="crumbs">{move || view! { <WayUp team=asked.get().and_then(|asked| asked.team) /> }}</p>
            <h1>"Activity"</h1>
            <Load resource=data skeleton=|| view! { <Skeleton lines=8 /> } let:data>
                <LogView asked=asked.get_untracked() log=data.0 teams=data.1 title=title.clone() />
            </Load>
        </Page>
    }
}

/// What the address asks for; `None` where it names something that cannot be a team.
fn read(query: &ParamsMap) -> Option<AuditQuery> {
    let text = |key| query.get_str(key).filter(|text| !text.is_empty());
    let team = text("team").map(str::parse).transpose().ok()?;
    Some(AuditQuery { team, before: text("before").and_then(|before| before.parse().ok()) })
}

fn address(team: Option<TeamId>, before: Option<i64>) -> String {
    let team = team.map(|team| format!("team={team}"));
    let before = before.map(|before| format!("before={before}"));
    let pairs: Vec<_> = team.into_iter().chain(before).collect();
    format!("/activity?{}", pairs.join("&")).trim_end_matches('?').to_owned()
}

/// The page of the log, or why it is not the viewer's to read.
async fn log(asked: Option<AuditQuery>) -> Result<Result<AuditPage, RpcError>, RpcError> {
    let Some(asked) = asked else { return Ok(Err(RpcError::Refused(Error::NotFound))) };
    match rpc::audit::list(asked).await {
        Err(error @ RpcError::Refused(Error::NotFound | Error::Forbidden)) => Ok(Err(error)),
        answer => answer.map(Ok),
    }
}

#[component]
fn WayUp(team: Option<TeamId>) -> impl IntoView {
    let (href, place) = match team {
        Some(team) => (format!("/teams/{team}"), "Team"),
        None => ("/settings".to_owned(), "Settings"),
    };
    view! {
        <a href=href>
            <Icon icon=icondata::LuArrowLeft />
            {place}
        </a>
    }
}

#[component]
fn LogView(
    asked: Option<AuditQuery>,
    log: Result<AuditPage, RpcError>,
    teams: Vec<Team>,
    title: ArcRwSignal<String>,
) -> impl IntoView {
    let team = asked.as_ref().and_then(|asked| asked.team);
    let name = teams.iter().find(|known| Some(known.id) == team).map(|team| team.name.clone());
    title.set(match &name {
        Some(name) if log.is_ok() => format!("Activity of {name}"),
        _ => "Activity".to_owned(),
    });
    let heading = match team {
        Some(_) => name.unwrap_or_else(|| "Team".to_owned()),
        None => "Your account".to_owned(),
    };
    let shown = match log {
        Ok(page) => {
            let first = asked.is_some_and(|asked| asked.before.is_some()).then(|| address(team, None));
            let next = page.next.map(|before| address(team, Some(before)));
            view! {
                <section class="panel" aria-labelledby="log">
                    <h2 id="log" class="audit-heading">
                        <bdi>{heading}</bdi>
                    </h2>
                    <Lines page />
                </section>
                <Pager first next />
            }
            .into_any()
        }
        Err(error) => {
            request::refused(&error);
            NotYours().into_any()
        }
    };
    view! {
        <Choice teams team />
        {shown}
        {team
            .is_none()
            .then(|| {
                view! {
                    <p>
                        <a href="/activity/agents">
                            <Icon icon=icondata::LuBot />
                            "What agents did"
                        </a>
                    </p>
                }
            })}
    }
}

/// The logs that the viewer may read; nothing where there is only their own.
#[component]
fn Choice(teams: Vec<Team>, team: Option<TeamId>) -> impl IntoView {
    let link = move |to: Option<TeamId>, name: String| {
        view! {
            <li>
                <a href=address(to, None) aria-current=(to == team).then_some("true")>
                    <bdi>{name}</bdi>
                </a>
            </li>
        }
    };
    let mut teams = teams.into_iter().filter(|team| team.role.may(TeamAction::ReadLog)).peekable();
    teams.peek().is_some().then(|| {
        view! {
            <nav aria-label="Whose activity">
                <ul class="tabs audit-choice">
                    {link(None, "Your account".to_owned())}
                    {teams.map(|team| link(Some(team.id), team.name)).collect_view()}
                </ul>
            </nav>
        }
    })
}

#[component]
fn Lines(page: AuditPage) -> impl IntoView {
    if page.lines.is_empty() {
        return view! {
            <Empty icon=icondata::LuHistory title="Nothing here">
                <p>"There is nothing, or nothing further back."</p>
            </Empty>
        }
        .into_any();
    }
    let lines = page.lines.into_iter().map(|line| view! { <AuditEntry line /> }).collect_view();
    view! { <ul class="plain-list">{lines}</ul> }.into_any()
}

#[component]
fn NotYours() -> impl IntoView {
    view! {
        <section class="panel" aria-label="Refused">
            <Empty icon=icondata::LuLock title="Not yours to read">
                <p>"There is no such team, or its activity is not visible to you."</p>
            </Empty>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Option<AuditQuery> {
        read(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let team: TeamId = "01980000-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(address(None, None), "/activity");
        assert_eq!(address(None, Some(7)), "/activity?before=7");
        assert_eq!(address(Some(team), Some(7)), format!("/activity?team={team}&before=7"));
        let query = AuditQuery { team: Some(team), before: Some(7) };
        assert_eq!(asked(&[("team", &team.to_string()), ("before", "7")]), Some(query));
    }

    #[test]
    fn nonsense_is_no_team_and_no_place() {
        assert_eq!(asked(&[("team", ""), ("before", "x")]), Some(AuditQuery::default()));
        assert_eq!(asked(&[("team", "x")]), None, "the viewer's own log would be a wrong answer");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};
    use url::form_urlencoded;

    fn asked(address: &str) -> Option<AuditQuery> {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        read(&form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    #[test]
    fn an_address_is_read_back_as_it_was_written() {
        check!().with_type().for_each(|(team, before): &(Option<u128>, Option<i64>)| {
            let team = team.map(|team| TeamId(uuid::Uuid::from_u128(team)));
            assert_eq!(asked(&address(team, *before)), Some(AuditQuery { team, before: *before }));
        });
    }

    #[test]
    fn only_what_cannot_be_a_team_is_nowhere() {
        const PIECES: &[&str] = &[
            "team=",
            "before=",
            "0199a4d0-0000-7000-8000-000000000001",
            "&",
            "7",
            "-",
            "+",
            "99999999999999999999",
            "%",
        ];
        check!().with_generator(text(PIECES)).for_each(|query| {
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let team =
                pairs.iter().rfind(|(key, _)| key == "team").map(|(_, team)| team).filter(|team| !team.is_empty());
            let is_team = team.is_none_or(|team| team.parse::<TeamId>().is_ok());
            match asked(&format!("/activity?{query}")) {
                Some(found) => {
                    assert!(is_team && found.team.is_some() == team.is_some());
                    assert_eq!(asked(&address(found.team, found.before)), Some(found));
                }
                None => assert!(!is_team),
            }
        });
    }
}
