//! A task list's state, which its address carries: a link to a list is a link to what it showed.

use leptos_router::params::ParamsMap;
use std::fmt::{self, Write};
use taskwire_domain::{
    TaskId, TeamId,
    task::{Sort, Source, Status, TaskQuery},
};

/// Where a list stands, which says whose tasks it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// `/tasks`: all that the person may see, or only their own.
    #[default]
    Tasks,
    /// `/shared`: those of others.
    Shared,
    /// `/teams/{id}`: those of one team.
    Team(TeamId),
}

impl Place {
    /// The place with this path, if it is one of a list.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/tasks" => Some(Self::Tasks),
            "/shared" => Some(Self::Shared),
            _ => path.strip_prefix("/teams/")?.parse().ok().map(Self::Team),
        }
    }

    /// The team whose tasks these are, if it is one's.
    pub fn team(self) -> Option<TeamId> {
        match self {
            Self::Team(id) => Some(id),
            Self::Tasks | Self::Shared => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tasks => f.write_str("/tasks"),
            Self::Shared => f.write_str("/shared"),
            Self::Team(id) => write!(f, "/teams/{id}"),
        }
    }
}

/// What `/tasks?…` and its like say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListUrl {
    /// Where the list stands.
    pub place: Place,
    /// Of all tasks only the person's own.
    pub own: bool,
    /// Only tasks of this status.
    pub status: Option<Status>,
    /// Only tasks with this text.
    pub q: String,
    /// The order.
    pub sort: Sort,
    /// Where the page starts.
    pub cursor: Option<String>,
    /// The task whose deletion waits for a yes.
    pub confirm: Option<TaskId>,
    /// The task that was just deleted.
    pub deleted: Option<TaskId>,
}

/// What `of` says for one's own tasks.
pub const OWN: &str = "own";

impl ListUrl {
    /// Reads a query; what is no value counts as absent.
    pub fn read(place: Place, query: &ParamsMap) -> Self {
        let text = |key| query.get_str(key).map(str::to_owned).filter(|text| !text.is_empty());
        Self {
            place,
            own: place == Place::Tasks && query.get_str("of") == Some(OWN),
            status: query.get_str("status").and_then(|word| word.parse().ok()),
            q: text("q").unwrap_or_default(),
            sort: query.get_str("sort").and_then(|word| word.parse().ok()).unwrap_or_default(),
            cursor: text("cursor"),
            confirm: query.get_str("confirm").and_then(|id| id.parse().ok()),
            deleted: query.get_str("deleted").and_then(|id| id.parse().ok()),
        }
    }

    /// What to ask the server for.
    pub fn query(&self) -> TaskQuery {
        let Self { status, q, sort, cursor, .. } = self.clone();
        let source = match self.place {
            Place::Tasks if self.own => Source::Own,
            Place::Tasks => Source::All,
            Place::Shared => Source::Shared,
            Place::Team(id) => Source::Team(id),
        };
        TaskQuery { source, status, search: q, sort, cursor, limit: None }
    }

    /// The first page of the same list with another status.
    pub fn with_status(&self, status: Option<Status>) -> Self {
        Self { status, cursor: None, ..self.settled() }
    }

    /// The same list at another place; `None` for its start.
    pub fn at(&self, cursor: Option<String>) -> Self {
        Self { cursor, ..self.settled() }
    }

    /// The same list, asking whether to delete a task.
    pub fn confirm(&self, id: TaskId) -> Self {
        Self { confirm: Some(id), ..self.settled() }
    }

    /// The same list, offering to bring a deleted task back. What is asked about another one stays asked.
    pub fn deleted(&self, id: TaskId) -> Self {
        Self { confirm: self.confirm.filter(|asked| *asked != id), deleted: Some(id), ..self.clone() }
    }

    /// The same list with a deleted task back in it.
    pub fn restored(&self, id: TaskId) -> Self {
        Self { deleted: self.deleted.filter(|deleted| *deleted != id), ..self.clone() }
    }

    /// The same list with nothing asked and nothing offered.
    pub fn settled(&self) -> Self {
        Self { confirm: None, deleted: None, ..self.clone() }
    }

    /// Whether tasks may be missing because of a filter.
    pub fn is_filtered(&self) -> bool {
        self.own || self.status.is_some() || !self.q.is_empty() || self.cursor.is_some()
    }
}

impl fmt::Display for ListUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)?;
        let mut mark = '?';
        let mut pair = |key: &str, value: String| {
            f.write_char(std::mem::replace(&mut mark, '&'))?;
            write!(f, "{key}={}", crate::next::encode(&value))
        };
        if self.own {
            pair("of", OWN.to_owned())?;
        }
        self.status.map_or(Ok(()), |status| pair("status", status.to_string()))?;
        if !self.q.is_empty() {
            pair("q", self.q.clone())?;
        }
        if self.sort != Sort::default() {
            pair("sort", self.sort.to_string())?;
        }
        self.cursor.clone().map_or(Ok(()), |cursor| pair("cursor", cursor))?;
        self.confirm.map_or(Ok(()), |id| pair("confirm", id.to_string()))?;
        self.deleted.map_or(Ok(()), |id| pair("deleted", id.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> ListUrl {
        read_at(Place::Tasks, pairs)
    }

    fn read_at(place: Place, pairs: &[(&str, &str)]) -> ListUrl {
        ListUrl::read(place, &pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let url = read(&[("status", "pending"), ("q", "a&b"), ("sort", "title"), ("cursor", "x=="), ("confirm", "7")]);
        assert_eq!(url.to_string(), "/tasks?status=pending&q=a%26b&sort=title&cursor=x%3D%3D&confirm=7");
        assert_eq!(url.with_status(None).to_string(), "/tasks?q=a%26b&sort=title");
        assert_eq!(url.deleted(TaskId(7)).at(None).to_string(), "/tasks?status=pending&q=a%26b&sort=title");
    }

    #[test]
    fn each_place_has_its_own_tasks() {
        let team: TeamId = "0199a4d0-0000-7000-8000-000000000001".parse().unwrap();
        for (place, pairs, address, source) in [
            (Place::Tasks, &[][..], "/tasks".to_owned(), Source::All),
            (Place::Tasks, &[("of", "own")], "/tasks?of=own".into(), Source::Own),
            (Place::Shared, &[("of", "own")], "/shared".into(), Source::Shared),
            (Place::Team(team), &[("sort", "title")], format!("/teams/{team}?sort=title"), Source::Team(team)),
        ] {
            let url = read_at(place, pairs);
            assert_eq!((url.to_string(), url.query().source), (address.clone(), source));
            assert_eq!(Place::at(address.split('?').next().unwrap()), Some(place));
        }
        for path in ["/", "/tasks/1", "/teams", "/teams/x", "/shared/by-me"] {
            assert_eq!(Place::at(path), None, "{path}");
        }
    }

    #[test]
    fn nonsense_counts_as_absent() {
        assert_eq!(
            read(&[("of", "all"), ("status", "done"), ("sort", "magic"), ("q", ""), ("confirm", "x")]),
            ListUrl::default()
        );
        assert_eq!(ListUrl::default().to_string(), "/tasks");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};
    use url::form_urlencoded;

    fn params(query: &str) -> ParamsMap {
        // The router's map decodes each value that it is given once more.
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.map(|(key, value)| (key.into_owned(), value.replace('%', "%25"))).collect()
    }

    fn read(address: &str) -> Option<ListUrl> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        Place::at(path).map(|place| ListUrl::read(place, &params(query)))
    }

    #[test]
    fn an_address_is_read_back_as_it_was_written() {
        const PIECES: &[&str] = &["a", "&", "=", "+", "%", "%26", "#", "?", " ", "ä", "\0", "cursor"];
        let choices = produce::<(Option<u128>, u8, Option<i64>, Option<i64>)>();
        check!().with_generator((text(PIECES), text(PIECES), choices)).for_each(
            |(q, cursor, (team, choice, confirm, deleted))| {
                let place = match team {
                    Some(team) => Place::Team(uuid::Uuid::from_u128(*team).into()),
                    None if choice % 2 == 0 => Place::Shared,
                    None => Place::Tasks,
                };
                let url = ListUrl {
                    place,
                    own: place == Place::Tasks && choice % 4 == 1,
                    status: Status::ALL.get(usize::from(choice / 4 % 4)).copied(),
                    q: q.clone(),
                    sort: Sort::ALL[usize::from(choice / 16 % 4)],
                    cursor: Some(cursor.clone()).filter(|cursor| !cursor.is_empty()),
                    confirm: confirm.map(TaskId),
                    deleted: deleted.map(TaskId),
                };
                let address = url.to_string();
                assert!(address.chars().all(|c| ('!'..='~').contains(&c)) && !address.contains('#'), "{address}");
                assert_eq!(read(&address), Some(url));
            },
        );
    }

    #[test]
    fn what_any_address_says_can_be_said_again() {
        const PIECES: &[&str] = &[
            "/tasks",
            "/shared",
            "/teams/",
            "0199a4d0-0000-7000-8000-000000000001",
            "?",
            "&",
            "=",
            "of=own",
            "status=",
            "pending",
            "done",
            "sort=title",
            "q=",
            "cursor=",
            "confirm=",
            "deleted=",
            "7",
            "+",
            "%20",
            "%ff",
            "%",
        ];
        check!().with_generator(text(PIECES)).for_each(|address| {
            let Some(url) = read(address) else { return };
            assert_eq!(read(&url.to_string()).as_ref(), Some(&url));
            assert!(!url.own || url.place == Place::Tasks);
            assert_eq!(url.query().cursor, url.cursor);
            assert_ne!(url.cursor.as_deref(), Some(""));
        });
    }
}
