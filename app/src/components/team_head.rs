//! What stands above every part of a team.

use leptos::prelude::*;
use taskwire_domain::{
    rights::TeamAction,
    team::{Team, TeamPeople},
};

/// A part of a team, with an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is to be done in it.
    Tasks,
    /// Who is in it.
    Members,
    /// What can be changed about it.
    Settings,
}

impl Part {
    const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Tasks, "Tasks", ""), (Self::Members, "Members", "/members"), (Self::Settings, "Settings", "/settings")];

    /// The part with this path.
    pub fn at(path: &str) -> Self {
        let found = Self::ALL.into_iter().rev().find(|(_, _, end)| path.trim_end_matches('/').ends_with(end));
        found.map_or(Self::Tasks, |(part, ..)| part)
    }
}

/// Name, what the viewer is in it, what it is for, and the way to each part.
#[component]
pub fn TeamHead(
    /// The team and everybody in it.
    people: Memo<TeamPeople>,
    /// What is shown.
    part: Part,
) -> impl IntoView {
    let of = move |text: fn(&Team) -> String| Memo::new(move |_| people.with(|people| text(&people.team)));
    let (name, description) = (of(|team| team.name.clone()), of(|team| team.description.clone()));
    let role = Memo::new(move |_| people.with(|people| people.team.role));
    let id = people.with_untracked(|people| people.team.id);
    let tabs = Part::ALL.into_iter().map(|(tab, name, end)| {
        let count = move || people.with(|people| people.members.len());
        view! {
            <li>
                <a href=format!("/teams/{id}{end}") aria-current=(tab == part).then_some("page")>
                    {name}
                    {(tab == Part::Members).then(|| view! { " " <span class="count">{count}</span> })}
                </a>
            </li>
        }
    });
    view! {
        <header class="task-head team-head">
            <h1 dir="auto">{name}</h1>
            <p class="task-meta">
                <span>"You are " <span class="badge">{move || role.get().as_str()}</span></span>
                <Show when=move || role.get().may(TeamAction::ReadLog)>
                    <a href=format!("/activity?team={id}") class="settings-link">
                        "Activity"
                    </a>
                </Show>
            </p>
            <Show when=move || part != Part::Settings && description.with(|text| !text.is_empty())>
                <p class="task-description" dir="auto">
                    {description}
                </p>
            </Show>
        </header>
        <nav aria-label="Team">
            <ul class="tabs">{tabs.collect_view()}</ul>
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_path_says_which_part() {
        assert_eq!(Part::at("/teams/1"), Part::Tasks);
        assert_eq!(Part::at("/teams/1/members"), Part::Members);
        assert_eq!(Part::at("/teams/1/settings/"), Part::Settings);
    }
}
