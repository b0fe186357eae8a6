//! What a crate says about its licence, in CycloneDX's words.

use super::Crate;
use cyclonedx_bom::external_models::spdx::SpdxExpression;
use cyclonedx_bom::models::license::{License, LicenseChoice, Licenses};

/// The licences of a crate; `None` if it says nothing.
pub(super) fn of(one: &Crate) -> Option<Licenses> {
    let choice = match (&one.licence, &one.licence_file) {
        // Old crates write `MIT/Apache-2.0`.
        (Some(licence), _) => match SpdxExpression::parse_lax(licence.clone()) {
            Ok(expression) => LicenseChoice::Expression(expression),
            Err(_) => LicenseChoice::License(License::named_license(licence)),
        },
        (None, Some(file)) => LicenseChoice::License(License::named_license(&format!("see its file {file}"))),
        (None, None) => return None,
    };
    Some(Licenses(vec![choice]))
}
