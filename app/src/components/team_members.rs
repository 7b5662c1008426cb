//! Who is in a team, and the ways in and out.

use super::{
    banner::Refusal,
    icon::Icon,
    team_actions::{PeopleDone, TeamActions},
    team_add::AddMemberForm,
    team_invitations::Invitations,
    team_member::{MemberRow, asks_about},
};
use crate::{rows, rpc::team::AddMember, typed::typed};
use leptos::{html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use taskwire_domain::{
    rights::TeamAction,
    team::{Member, Role, TeamPeople},
};

/// The members, the form that adds people, and those invited, each as far as the viewer may. A row is the same element
/// as long as it shows the same person, so that no focus is lost when newer data comes.
#[component]
pub fn TeamMembers(
    /// The team and everybody in it.
    people: Memo<TeamPeople>,
    /// What the forms do.
    actions: TeamActions,
) -> impl IntoView {
    let team = people.with_untracked(|people| people.team.id);
    let viewer = Memo::new(move |_| people.with(|people| people.team.role));
    let owner = Memo::new(move |_| people.with(owner_of));
    // Decided once: a form must never go away with what is typed in it. Nor must one that was refused.
    let invites = viewer.get_untracked().may(TeamAction::Invite) || typed::<AddMember>("email").is_some();

    let heading = NodeRef::<html::H2>::new();
    let (navigate, query) = (use_navigate(), use_query_map());
    let quietly = NavigateOptions { scroll: false, replace: true, ..NavigateOptions::default() };
    Effect::watch(
        move || actions.answers.done.get(),
        move |done, _, _| {
            let (key, member) = match done {
                Some(PeopleDone::Removed(member)) => ("remove", member),
                Some(PeopleDone::Transferred(member)) => ("transfer", member),
                _ => return,
            };
            // The question is answered, and must not stand there when its address is met again. By then it may be
            // another one.
            if query.with_untracked(|query| asks_about(query, key, *member)) {
                navigate(&format!("/teams/{team}/members"), quietly.clone());
            }
        },
        false,
    );
    rows::keep_focus(people, heading);
    let words = move || actions.answers.done.with(|done| done.as_ref().and_then(PeopleDone::words));
    let row = move |first: Member| {
        let user = first.user_id;
        let find = move || people.with(|people| people.members.iter().find(|member| member.user_id == user).cloned());
        let member = rows::newest(first, find);
        let has_namesake = Signal::derive(move || {
            let name = member.with(|member| member.name.clone());
            people.with(|people| people.members.iter().filter(|member| member.name == name).count() > 1)
        });
        view! { <MemberRow team member viewer owner has_namesake actions /> }
    };
    view! {
        <section class="panel" aria-labelledby="members">
            <h2 id="members" tabindex="-1" node_ref=heading>
                "Members"
            </h2>
            <Refusal error=actions.answers.refused />
            <p class="saved" role="status">
                {move || words().map(|words| view! { <Icon icon=icondata::LuCheck /> {words} })}
            </p>
            <ul class="plain-list members">
                <For each=move || people.with(|people| people.members.clone()) key=|member| member.user_id children=row />
            </ul>
        </section>
        {invites.then(|| view! { <AddMemberForm team viewer actions /> })}
        <Invitations people actions />
    }
}

/// Whom the team belongs to.
pub fn owner_of(people: &TeamPeople) -> Option<Member> {
    people.members.iter().find(|member| member.role == Role::Owner).cloned()
}
