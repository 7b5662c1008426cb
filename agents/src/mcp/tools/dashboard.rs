//! The numbers, and the teams.

use super::{Cx, Effect, Stop, Tool};
use crate::mcp::schema;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    api_token::TokenScope,
    dashboard::{Activity, Dashboard, RecentTask, Statistics, TeamSummary},
    task::Status,
    team::{Member, Role, Team},
};
use uuid::Uuid;

/// Which teams.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamsArguments {
    /// Only this team, by name or id, and with who is in it.
    team: Option<String>,
}

/// Somebody in a team.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberAnswer {
    name: String,
    email: String,
    #[schemars(schema_with = "schema::role")]
    role: Role,
}

/// A team.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TeamAnswer {
    id: Uuid,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    /// What the person is in it.
    #[schemars(schema_with = "schema::role")]
    role: Role,
    /// How many people are in it.
    size: i64,
    /// Who is in it, where one team was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<MemberAnswer>,
}

impl TeamAnswer {
    fn new(team: Team, members: Vec<Member>) -> Self {
        let Team { id, name, description, role, members: size, .. } = team;
        let members = members.into_iter().map(|Member { name, email, role, .. }| MemberAnswer { name, email, role });
        Self { id: id.0, name, description, role, size, members: members.collect() }
    }
}

/// Teams.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TeamsAnswer {
    teams: Vec<TeamAnswer>,
}

/// Lists teams.
pub struct ListTeams;

impl Tool for ListTeams {
    const NAME: &'static str = "list_teams";
    const TITLE: &'static str = "List teams";
    const DESCRIPTION: &'static str = "Lists the teams that the person is in, or one team with everybody in it. Use it to find out \
        whom a name can mean.";
    const EFFECT: Effect = Effect::Reads;
    const SCOPE: TokenScope = TokenScope::TeamsRead;
    type Arguments = TeamsArguments;
    type Answer = TeamsAnswer;

    async fn call(cx: &Cx<'_>, TeamsArguments { team }: TeamsArguments) -> Result<TeamsAnswer, Stop> {
        let teams = match team {
            Some(team) => {
                let people = cx.backend.team_get(cx.viewer, cx.team_named(&team).await?).await?;
                vec![TeamAnswer::new(people.team, people.members)]
            }
            None => {
                let teams = cx.backend.team_list(cx.viewer).await?;
                teams.into_iter().map(|team| TeamAnswer::new(team, Vec::new())).collect()
            }
        };
        Ok(TeamsAnswer { teams })
    }
}

/// Where “today” is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DashboardArguments {
    /// An IANA time zone, such as Europe/Berlin, for somebody who has chosen none; UTC without it.
    time_zone: Option<String>,
}

/// How many tasks there are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CountsAnswer {
    total: i64,
    pending: i64,
    completed: i64,
    /// Completed tasks among all, in per cent.
    completion_rate: f64,
    /// Tasks of others that are shared with the person to read; in none of the other numbers.
    shared_to_view: i64,
    /// Tasks of others that are shared with the person to change; in none of the other numbers.
    shared_to_edit: i64,
}

/// What happened lately.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LatelyAnswer {
    created_today: i64,
    completed_today: i64,
    /// Since Monday.
    created_this_week: i64,
    /// Since Monday.
    completed_this_week: i64,
}

/// A task that was changed lately.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecentAnswer {
    id: i64,
    title: String,
    #[schemars(schema_with = "schema::status")]
    status: Status,
    updated_at: DateTime<Utc>,
}

/// A team of the person's.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TeamNameAnswer {
    id: Uuid,
    name: String,
}

/// The dashboard.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DashboardAnswer {
    /// When it was so.
    as_of: DateTime<Utc>,
    tasks: CountsAnswer,
    lately: LatelyAnswer,
    /// The tasks changed last.
    recent: Vec<RecentAnswer>,
    teams: Vec<TeamNameAnswer>,
}

impl From<&Dashboard> for DashboardAnswer {
    fn from(dashboard: &Dashboard) -> Self {
        let statistics = &dashboard.statistics;
        let Statistics { pending, completed, shared_view, shared_edit } = *statistics;
        let Activity { created_today, completed_today, created_this_week, completed_this_week } = dashboard.activity;
        let recent = |task: &RecentTask| RecentAnswer {
            id: task.id.0,
            title: task.title.clone(),
            status: task.status,
            updated_at: task.updated_at,
        };
        let team = |team: &TeamSummary| TeamNameAnswer { id: team.id.0, name: team.name.clone() };
        Self {
            as_of: dashboard.computed_at,
            tasks: CountsAnswer {
                total: statistics.total(),
                pending,
                completed,
                completion_rate: statistics.completion_rate(),
                shared_to_view: shared_view,
                shared_to_edit: shared_edit,
            },
            lately: LatelyAnswer { created_today, completed_today, created_this_week, completed_this_week },
            recent: dashboard.recent.iter().map(recent).collect(),
            teams: dashboard.teams.iter().map(team).collect(),
        }
    }
}

/// Reads the dashboard.
pub struct GetDashboard;

impl Tool for GetDashboard {
    const NAME: &'static str = "get_dashboard";
    const TITLE: &'static str = "Read the dashboard";
    const DESCRIPTION: &'static str = "Counts the person's tasks, and what was created and completed today and this week. Use it \
        for numbers: it costs the same however many tasks there are.";
    const EFFECT: Effect = Effect::Reads;
    const SCOPE: TokenScope = TokenScope::DashboardRead;
    type Arguments = DashboardArguments;
    type Answer = DashboardAnswer;

    async fn call(cx: &Cx<'_>, DashboardArguments { time_zone }: DashboardArguments) -> Result<DashboardAnswer, Stop> {
        if let Some(zone) = &time_zone
            && !cx.backend.is_time_zone(zone).await?
        {
            return Err(Stop::Refused("time_zone: This is not a time zone that we know.".to_owned()));
        }
        let dashboard = cx.backend.dashboard_read(cx.viewer, time_zone.as_deref()).await?;
        Ok(DashboardAnswer::from(&*dashboard))
    }
}
