//! Static tokens from a file in kube-apiserver's form: `token,user,uid,"group1,group2"`, one per line.

use super::csv;
use super::{TokenAuthenticator, User};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

/// Why a token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// Not readable.
    #[error("cannot read token file {path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// Not of the expected form.
    #[error("token file {path}, line {line}: {why}")]
    Line {
        /// The file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong and what is expected.
        why: String,
    },
}

/// Users by token. Only digests of tokens are kept, and a request's token is looked up by its digest: the time a look-up
/// takes says nothing about the tokens.
pub struct TokenFile(HashMap<[u8; 32], User>);

impl TokenFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Names the file and the line.
    pub fn read(path: &Path) -> Result<Self, TokenFileError> {
        let shown = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| TokenFileError::Read { path: shown.clone(), error })?;
        Self::parse(&text, &shown)
    }

    fn parse(text: &str, path: &str) -> Result<Self, TokenFileError> {
        let error = |line, why: String| TokenFileError::Line { path: path.to_owned(), line, why };
        let records = csv::records(text).map_err(|e| error(e.line, e.why.to_owned()))?;
        let mut users = HashMap::new();
        for csv::Record { line, fields } in records {
            let found = fields.len();
            let mut fields = fields.into_iter();
            let (Some(token), Some(name), Some(uid)) = (fields.next(), fields.next(), fields.next()) else {
                let why = format!("found {found} columns, need at least 3: token,user,uid[,\"group1,group2\"]");
                return Err(error(line, why));
            };
            if token.is_empty() {
                return Err(error(line, "the token (first column) is empty".into()));
            }
            if name.is_empty() {
                return Err(error(line, "the user name (second column) is empty".into()));
            }
            let groups = fields.next().unwrap_or_default();
            let groups = groups.split(',').filter(|g| !g.is_empty()).map(str::to_owned).collect();
            let user = User { name, uid, groups, ..User::default() };
            if users.insert(digest(&token), user).is_some() {
                return Err(error(line, "the token stands on an earlier line already".into()));
            }
        }
        Ok(Self(users))
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl TokenAuthenticator for TokenFile {
    fn user(&self, token: &str) -> Option<User> {
        self.0.get(&digest(token)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_kube_apiservers_form() {
        let text = "t1,ann,1\r\n\nt2,bob,2,\"dev,ops\"\n\"t,\"\"3\",\"c d\",\"\"";
        let file = TokenFile::parse(text, "f").expect("valid");
        assert_eq!(file.user("t1").map(|u| u.name), Some("ann".into()));
        assert_eq!(file.user("t2").map(|u| u.groups), Some(vec!["dev".into(), "ops".into()]));
        assert_eq!(file.user("t,\"3").map(|u| u.name), Some("c d".into()));
        assert_eq!(file.user("t4"), None);
    }

    #[test]
    fn errors_name_the_line() {
        let error = |text| TokenFile::parse(text, "tokens.csv").err().map(|e| e.to_string()).unwrap_or_default();
        let columns = "found 2 columns, need at least 3: token,user,uid[,\"group1,group2\"]";
        assert_eq!(error("t,u,1\nt2,v\n"), format!("token file tokens.csv, line 2: {columns}"));
        assert_eq!(error("t,u,\"1"), "token file tokens.csv, line 1: a quoted field is not closed");
        assert!(error("t,u,1\n\nt,v,2").ends_with("line 3: the token stands on an earlier line already"));
        assert!(error(",u,1").contains("empty"));
    }
}
