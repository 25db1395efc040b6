//! What a consent shows before anybody has written one. Operators set their own as `consentTemplates.<type>` of a
//! community's configuration, or of the platform's.

use crypto::base64;
use model::consent::Content;

const BIOMETRIC_BODY: &str = "<p>To verify your identity we capture biometric data, such as an image of your face, and \
    compare it with the data that you enrolled. It is used for nothing else, and you may withdraw your consent at any \
    time.</p>";

/// The template of a type: the one that operators set, or the built-in one, or else an empty one.
pub(crate) fn of(consent_type: &str, set: Option<Content>) -> Content {
    set.unwrap_or_else(|| built_in(consent_type))
}

fn built_in(consent_type: &str) -> Content {
    match consent_type {
        "biometric" => Content {
            title: "Use of biometric data".to_owned(),
            subtitle: "Please read this before you go on".to_owned(),
            body: base64::encode(BIOMETRIC_BODY.as_bytes()),
            acknowledge_text: "I have read this and consent to the use of my biometric data".to_owned(),
        },
        _ => Content::default(),
    }
}
