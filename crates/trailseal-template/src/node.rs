//! A document of JSON or YAML as a tree whose nodes know their places.

/// A node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: NodeValue,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in characters, from 1.
    pub(crate) column: usize,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum NodeValue {
    Null,
    Bool(bool),
    /// A number as the document writes it.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// The place of the name.
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) node: Node,
}

impl Node {
    /// The members of a map; none of anything else.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.value {
            NodeValue::Map(members) => members,
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::Text(_)
            | NodeValue::List(_) => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            NodeValue::List(items) => items,
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::Text(_)
            | NodeValue::Map(_) => &[],
        }
    }

    /// The member of a map with its place.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|member| member.name == name)
    }

    /// The value of a member of a map.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|member| &member.node)
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::List(_)
            | NodeValue::Map(_) => None,
        }
    }

    /// The text of a text, a number or a truth value.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.value {
            NodeValue::Text(text) | NodeValue::Number(text) => Some(text.clone()),
            NodeValue::Bool(is) => Some(is.to_string()),
            NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_) => None,
        }
    }

    /// The only member of a map with one member.
    pub(crate) fn only_member(&self) -> Option<&Member> {
        match self.members() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The levels of lists and maps, of which a function with a tag is one.
    pub(crate) fn depth(&self) -> usize {
        let items = self.items().iter().map(Self::depth);
        let members = self.members().iter().map(|member| member.node.depth());
        let is_open = matches!(self.value, NodeValue::List(_) | NodeValue::Map(_));
        usize::from(is_open) + items.chain(members).max().unwrap_or_default()
    }

    /// The bytes of the texts and numbers below this node and of itself.
    pub(crate) fn bytes(&self) -> usize {
        let items = self.items().iter().map(Self::bytes).sum::<usize>();
        let members =
            self.members().iter().map(|one| one.name.len() + one.node.bytes()).sum::<usize>();
        let own = match &self.value {
            NodeValue::Text(text) | NodeValue::Number(text) => text.len(),
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::List(_) | NodeValue::Map(_) => 0,
        };
        own + items + members
    }

    /// Whether this node is a text like that, or one below it is.
    pub(crate) fn has_text(&self, is: &impl Fn(&str) -> bool) -> bool {
        self.text().is_some_and(is)
            || self.items().iter().any(|item| item.has_text(is))
            || self.members().iter().any(|member| member.node.has_text(is))
    }

    /// The number of nodes below this one and itself.
    pub(crate) fn size(&self) -> usize {
        let items = self.items().iter().map(Self::size).sum::<usize>();
        let members = self.members().iter().map(|member| member.node.size()).sum::<usize>();
        1 + items + members
    }
}
