//! What mails of the portal say. Where their links lead is a setting, since other pages than ours may stand in front.

use serde::{Deserialize, Serialize};

use super::{MailKind, MailSettings, OneTimeToken, page::query_value};
use crate::{App, Error, Result};

/// A mail's content, as it is sealed.
#[derive(Serialize, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub text: String,
}

/// Addresses of pages that read a token. `{gui}`, `{token}` and `{email}` are replaced.
pub struct LinkTemplates {
    pub verify: String,
    pub invalidate: String,
    pub reset: String,
}

impl Default for LinkTemplates {
    fn default() -> Self {
        Self {
            verify: "{gui}/verify#token={token}".to_owned(),
            invalidate: "{gui}/invalidate#token={token}".to_owned(),
            reset: "{gui}/reset-password#token={token}".to_owned(),
        }
    }
}

impl Letter {
    pub(super) fn new(app: &App, kind: MailKind, token: Option<(&OneTimeToken, &str)>) -> Result<Self> {
        let settings = app.portal().mail()?;
        let (gui, links, hours) = (gui(app, settings), &settings.links, settings.token_seconds / 3600);
        let link = |template: &str| {
            let (token, email) = token.ok_or_else(|| Error::internal("a mail without its token"))?;
            filled(template, &gui, &token.text, email)
        };
        let (subject, text) = match kind {
            MailKind::VerifyAccount => (
                "Verify your account of the developer portal",
                format!(
                    "Open this address to verify your e-mail address:\n\n{}\n\nIt is good once and for {hours} hours. \
                     If you did not register, invalidate it here:\n\n{}\n",
                    link(&links.verify)?,
                    link(&links.invalidate)?
                ),
            ),
            MailKind::ResetPassword => (
                "A new password for the developer portal",
                format!(
                    "Open this address to choose a new password:\n\n{}\n\nIt is good once and for {hours} hours. \
                     If you did not ask for it, ignore this mail.\n",
                    link(&links.reset)?
                ),
            ),
            MailKind::RequestAccess => (
                "Somebody asks for access to the developer portal",
                "A developer has registered and waits for an approval:\n\n  chancery developer list --status requested\n"
                    .to_owned(),
            ),
            MailKind::Approved => (
                "Your account of the developer portal was approved",
                format!("You can log in now:\n\n{gui}\n"),
            ),
        };
        Ok(Self { subject: subject.to_owned(), text })
    }
}

/// Where the portal's pages are.
fn gui(app: &App, settings: &MailSettings) -> String {
    match &settings.gui_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("{}/portal/ui", app.config().public_url.trim_end_matches('/')),
    }
}

fn filled(template: &str, gui: &str, token: &str, email: &str) -> Result<String> {
    if !template.contains("{token}") {
        return Err(Error::internal("PORTAL_VERIFY_LINK, PORTAL_INVALIDATE_LINK and PORTAL_RESET_LINK need {token}"));
    }
    Ok(template.replace("{gui}", gui).replace("{token}", token).replace("{email}", &query_value(email)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_link_is_what_its_pages_read() {
        let kong = "{gui}/account/verify?token={token}&email={email}";
        let link = filled(kong, "https://gui", "a.b-c", "a+b&c@ünï.example").unwrap();
        assert_eq!(link, "https://gui/account/verify?token=a.b-c&email=a%2Bb%26c%40%C3%BCn%C3%AF.example");
        assert!(filled("{gui}/verify", "https://gui", "t", "e").is_err(), "a link without its token");
    }
}
