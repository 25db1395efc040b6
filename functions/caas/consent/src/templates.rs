//! What a consent shows before anybody has written one. Operators set their own as `consentTemplates.<type>` of a
//! community's configuration, or of the platform's.

use crypto::base64;
use model::consent::Template;

const BIOMETRIC_BODY: &str = "<p>To verify your identity we capture biometric data, such as an image of your face, and \
    compare it with the data that you enrolled. It is used for nothing else, and you may withdraw your consent at any \
    time.</p>";

/// The built-in template of a type; an empty one where there is none.
pub(crate) fn built_in(consent_type: &str) -> Template {
    match consent_type {
        "biometric" => Template {
            title: "Use of biometric data".to_owned(),
            subtitle: "Please read this before you go on".to_owned(),
            body: base64::encode(BIOMETRIC_BODY.as_bytes()),
            acknowledge_text: "I have read this and consent to the use of my biometric data".to_owned(),
        },
        _ => Template::default(),
    }
}
