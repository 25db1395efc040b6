//! `chancery completions` and `chancery man`: what shells and `man` know of the tool, made from its command line.

use std::{fs, path::PathBuf};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::{Error, Result};

#[derive(Args)]
pub(super) struct Completions {
    /// Such as bash; `chancery completions bash > /etc/bash_completion.d/chancery` is enough there
    shell: Shell,
}

#[derive(Args)]
pub(super) struct Man {
    /// Folder for the pages, one for each command
    folder: PathBuf,
}

impl Completions {
    pub fn run(&self) -> String {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "chancery", &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Man {
    pub fn run(&self) -> Result<String> {
        let failed = |error: std::io::Error| Error::usage(format!("{}: {error}", self.folder.display()));
        fs::create_dir_all(&self.folder).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), &self.folder).map_err(failed)?;
        Ok(format!("wrote the pages to {}\n", self.folder.display()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_shell_completes_the_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let text = Completions { shell }.run();
            assert!(text.contains("chancery") && text.contains("whoami") && text.contains("no-newline"), "{shell}");
        }
    }

    #[test]
    fn every_command_has_a_page() {
        let folder = std::env::temp_dir().join(format!("chancery-man-{}", std::process::id()));
        Man { folder: folder.clone() }.run().unwrap();
        let page = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert!(page("chancery.1").contains("CHANCERY_URL"));
        assert!(page("chancery-vault-secret-get.1").contains("reveal"));
        fs::remove_dir_all(folder).unwrap();
    }
}
