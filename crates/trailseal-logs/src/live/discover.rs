//! Finds the folders of CloudTrail in a bucket, by listing one level of folders at a time.
//!
//! A trail's prefix can change, so that folders under former prefixes count too: every folder that
//! is not one of CloudTrail's is searched for `AWSLogs/`, within bounds. Folders of other services
//! below an account are not.

use std::collections::{BTreeSet, HashSet};

use futures_util::stream::{self, StreamExt as _};
use trailseal_rule::{AccountId, Region};

use super::outcome::{Cause, Gap};
use super::s3::{List, Objects};
use super::{Progress, Scope, Step};
use crate::coverage::Folder;
use crate::key::{Kind, ROOT, is_organization, root};

/// Folders below the start of the search whose name is not one of CloudTrail's, at most.
const DEPTH_MAX: usize = 4;

/// Such folders that are listed, at most.
const SEARCHED_MAX: usize = 10_000;

/// A place in the tree of folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Node {
    /// May contain `AWSLogs/`; the path is empty, or has a slash at its end.
    Other { path: String, depth: usize },
    /// `PREFIX/AWSLogs/`.
    Root { prefix: String },
    /// `PREFIX/AWSLogs/ORGANIZATION/`.
    Organization { prefix: String, organization: String },
    /// `PREFIX/AWSLogs/[ORGANIZATION/]ACCOUNT/`.
    Account { prefix: String, organization: Option<String>, account: AccountId },
    /// The same with the kind of files.
    Kind { prefix: String, organization: Option<String>, account: AccountId, kind: String },
    /// The same with the Region.
    Region(Folder),
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) folders: BTreeSet<Folder>,
    pub(super) gaps: Vec<Gap>,
}

/// Finds the folders in the scope.
pub(super) async fn find(
    objects: &Objects,
    scope: &Scope,
    progress: &(dyn Fn(Progress) + Sync),
) -> Found {
    let mut search = Search::of(scope);
    let mut level = search.start(scope);
    while !level.is_empty() {
        let mut answers = stream::iter(level)
            .map(|node| children(objects, node))
            .buffered(scope.concurrency.max(1));
        let mut next = Vec::new();
        while let Some((node, names, failed)) = answers.next().await {
            for name in names {
                next.extend(node.child(&name).and_then(|child| search.admit(child)));
            }
            search.found.gaps.extend(failed);
            let (done, total) = (objects.requests().list, None);
            progress(Progress { step: Step::Folders, done, total });
        }
        level = next;
    }
    search.end()
}

/// The names of the folders in a folder, as far as they were listed.
async fn children(objects: &Objects, node: Node) -> (Node, Vec<String>, Option<Gap>) {
    let path = node.path();
    let mut list = List::folders(&path);
    let mut names = Vec::new();
    loop {
        match objects.next(&mut list).await {
            Ok(None) => return (node, names, None),
            Ok(Some(page)) => {
                let inner = page.folders.iter().filter_map(|folder| folder.strip_prefix(&path));
                names.extend(inner.filter_map(|name| name.strip_suffix('/')).map(str::to_owned));
                if names.len() > node.children_max() {
                    return (node, names, Some(Gap { place: path, cause: Cause::TooMany }));
                }
            }
            Err(error) => return (node, names, Some(Gap { place: path, cause: error.into() })),
        }
    }
}

impl Node {
    fn path(&self) -> String {
        let below = |prefix: &str, organization: Option<&str>| {
            let inner = organization.map(|id| format!("{id}/")).unwrap_or_default();
            format!("{}{inner}", root(prefix))
        };
        match self {
            Self::Other { path, .. } => path.clone(),
            Self::Root { prefix } => below(prefix, None),
            Self::Organization { prefix, organization } => below(prefix, Some(organization)),
            Self::Account { prefix, organization, account } => {
                format!("{}{account}/", below(prefix, organization.as_deref()))
            }
            Self::Kind { prefix, organization, account, kind } => {
                format!("{}{account}/{kind}/", below(prefix, organization.as_deref()))
            }
            Self::Region(folder) => folder.to_string(),
        }
    }

    /// What a folder in this folder is; `None` if it is of no interest.
    fn child(&self, name: &str) -> Option<Self> {
        if name == ROOT {
            return Some(Self::root(&self.path()));
        }
        match self {
            Self::Other { path, depth } => Some(Self::inner(path, *depth, name)),
            Self::Root { prefix } => Some(if let Ok(account) = AccountId::parse(name) {
                Self::Account { prefix: prefix.clone(), organization: None, account }
            } else if is_organization(name) {
                Self::Organization { prefix: prefix.clone(), organization: name.to_owned() }
            } else {
                Self::inner(&self.path(), 0, name)
            }),
            Self::Organization { prefix, organization } => Some(Self::Account {
                prefix: prefix.clone(),
                organization: Some(organization.clone()),
                account: AccountId::parse(name).ok()?,
            }),
            Self::Account { prefix, organization, account } => Some(Self::Kind {
                prefix: prefix.clone(),
                organization: organization.clone(),
                account: account.clone(),
                kind: Kind::parse(name)?.as_str().to_owned(),
            }),
            Self::Kind { prefix, organization, account, kind } => Some(Self::Region(Folder {
                prefix: prefix.clone(),
                organization: organization.clone(),
                account: account.clone(),
                kind: kind.clone(),
                region: Region::parse(name).ok()?,
            })),
            Self::Region(_) => None,
        }
    }

    /// `AWSLogs/` in a folder. In one without a name at the top of the bucket, it is never searched,
    /// and so reported: no prefix of a trail leads there.
    fn root(path: &str) -> Self {
        match path.strip_suffix('/') {
            None => Self::Root { prefix: String::new() },
            Some("") => Self::Other { path: format!("{path}{ROOT}/"), depth: usize::MAX },
            Some(prefix) => Self::Root { prefix: prefix.to_owned() },
        }
    }

    fn inner(path: &str, depth: usize, name: &str) -> Self {
        Self::Other { path: format!("{path}{name}/"), depth: depth + 1 }
    }

    /// The node of a path below the bucket, given without a slash at its end. A prefix can lead
    /// through folders of no interest, as `AWSLogs/111122223333/logs/AWSLogs` does, so that the last
    /// `AWSLogs/` counts.
    fn of(path: &str) -> Option<Self> {
        let start = Self::Other { path: String::new(), depth: 0 };
        if path.is_empty() {
            return Some(start);
        }
        let names: Vec<&str> = path.split('/').collect();
        let root = names.iter().rposition(|name| *name == ROOT);
        let before = root.and_then(|root| names.get(..root)).map(|names| match names {
            [] => String::new(),
            names => format!("{}/", names.join("/")),
        });
        let start = before.map_or(start, |before| Self::root(&before));
        let rest = names.into_iter().skip(root.map_or(0, |root| root + 1));
        let node = rest.into_iter().try_fold(start, |node, name| node.child(name))?;
        // The depth counts from the start of the search.
        Some(if let Self::Other { path, .. } = node {
            Self::Other { path, depth: 0 }
        } else {
            node
        })
    }

    /// Names that are kept of one list.
    fn children_max(&self) -> usize {
        match self {
            Self::Other { .. } | Self::Root { .. } => 10 * SEARCHED_MAX,
            Self::Organization { .. } | Self::Account { .. } => 10 * SEARCHED_MAX,
            Self::Kind { .. } | Self::Region(_) => SEARCHED_MAX,
        }
    }
}

struct Search<'s> {
    scope: &'s Scope,
    seen: HashSet<Node>,
    searched: usize,
    /// Folders that were not searched, and the first of them.
    left_out: (u64, Option<String>),
    found: Found,
}

impl<'s> Search<'s> {
    fn of(scope: &'s Scope) -> Self {
        Self {
            scope,
            seen: HashSet::new(),
            searched: 0,
            left_out: (0, None),
            found: Found::default(),
        }
    }

    /// Where the search starts: at the known prefixes first.
    fn start(&mut self, scope: &Scope) -> Vec<Node> {
        let known = scope.known_prefixes.iter().map(|prefix| Node::Root { prefix: prefix.clone() });
        let mut nodes: Vec<Node> = known.collect();
        let prefix = scope.prefix.strip_suffix('/').unwrap_or(&scope.prefix);
        match Node::of(prefix) {
            Some(node) => nodes.push(node),
            None => {
                self.found.gaps.push(Gap { place: prefix.to_owned(), cause: Cause::NoFolder });
            }
        }
        nodes.into_iter().filter_map(|node| self.admit(node)).collect()
    }

    /// A node whose folders are to be listed. Folders of Regions are collected.
    fn admit(&mut self, node: Node) -> Option<Node> {
        let (accounts, regions) = (&self.scope.accounts, &self.scope.regions);
        match &node {
            Node::Other { path, depth } => {
                if *depth > DEPTH_MAX || self.searched >= SEARCHED_MAX {
                    self.left_out.0 += 1;
                    self.left_out.1.get_or_insert_with(|| path.clone());
                    return None;
                }
                self.searched += 1;
                return Some(node);
            }
            Node::Account { account, .. }
                if !accounts.is_empty() && !accounts.contains(account) =>
            {
                return None;
            }
            Node::Region(folder) => {
                let is_of_kind = self.scope.digests || !folder.has_digests();
                if is_of_kind && (regions.is_empty() || regions.contains(&folder.region)) {
                    self.found.folders.insert(folder.clone());
                }
                return None;
            }
            Node::Root { .. } | Node::Organization { .. } | Node::Account { .. } => {}
            Node::Kind { kind, .. } => {
                let is_digest = Kind::parse(kind).is_some_and(Kind::is_digest);
                return Some(node).filter(|_| self.scope.digests || !is_digest);
            }
        }
        self.seen.insert(node.clone()).then_some(node)
    }

    fn end(self) -> Found {
        let mut found = self.found;
        if let (folders, Some(first)) = self.left_out {
            found.gaps.push(Gap { place: first, cause: Cause::NotSearched { folders } });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_place() {
        let node =
            Node::of("a/AWSLogs/o-exampleorg1/111122223333/CloudTrail/eu-central-1").unwrap();
        assert_eq!(node.path(), "a/AWSLogs/o-exampleorg1/111122223333/CloudTrail/eu-central-1/");
        assert!(matches!(node, Node::Region(_)));
        let inner = Node::of("AWSLogs/b/AWSLogs").unwrap();
        assert_eq!(inner, Node::Root { prefix: "AWSLogs/b".to_owned() });
        assert_eq!(inner.path(), "AWSLogs/b/AWSLogs/");
        assert_eq!(Node::of("").unwrap().path(), "");
        for path in ["x//y", "x/", "x//AWSLogs", "/", "//AWSLogs", "AWSLogs//AWSLogs"] {
            assert_eq!(Node::of(path).unwrap().path(), format!("{path}/"));
        }
        // A prefix that leads through a folder of an account.
        let deep = Node::of("AWSLogs/111122223333/logs/AWSLogs/444455556666").unwrap();
        assert_eq!(deep.path(), "AWSLogs/111122223333/logs/AWSLogs/444455556666/");
        assert!(
            matches!(deep, Node::Account { prefix, .. } if prefix == "AWSLogs/111122223333/logs")
        );
        assert_eq!(Node::of("x//AWSLogs"), Some(Node::Root { prefix: "x/".to_owned() }));
        assert!(matches!(Node::of("/AWSLogs"), Some(Node::Other { .. })));
    }

    #[test]
    fn folders_of_other_services_and_below_a_region_are_of_no_interest() {
        assert_eq!(Node::of("AWSLogs/111122223333/vpcflowlogs"), None);
        assert_eq!(Node::of("AWSLogs/111122223333/CloudTrail/eu-central-1/2026"), None);
        assert_eq!(Node::of("AWSLogs/111122223333/CloudTrail/x"), None);
    }
}
