//! What every task needs: the repository's folders, and the tools that tasks install.

pub mod project;
pub mod tools;
