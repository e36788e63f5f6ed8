//! The names that other sections may refer to.

use std::collections::BTreeSet;

use confab_conference::DialTarget;

use crate::section::Context;
use crate::source::At;

/// Who and what there is.
pub(crate) struct Names {
    pub(crate) users: BTreeSet<String>,
    pub(crate) gateways: BTreeSet<String>,
    pub(crate) profiles: BTreeSet<String>,
    pub(crate) roles: BTreeSet<String>,
    pub(crate) lookups: BTreeSet<String>,
}

/// What [`target`] understands.
pub(crate) const TARGET: &str = "user/NAME, or gateway/NAME/NUMBER";

/// Whom `user/NAME` or `gateway/NAME/NUMBER` stands for.
pub(crate) fn target(text: &str) -> Option<DialTarget> {
    match text.split_once('/')? {
        ("user", name) => crate::parse::is_name(name).then(|| DialTarget::User(name.into())),
        ("gateway", rest) => {
            let (gateway, number) = rest.split_once('/')?;
            let target = DialTarget::Gateway { gateway: gateway.into(), number: number.into() };
            crate::parse::is_name(number).then_some(target)
        }
        _ => None,
    }
}

impl Names {
    /// Reports a target whose user or gateway is not there.
    pub(crate) fn check_target(&self, context: &Context, target: &At<DialTarget>) {
        match &target.value {
            DialTarget::User(user) => check_known(context, &target.with(user.clone()), "user", &self.users),
            DialTarget::Gateway { gateway, .. } => {
                check_known(context, &target.with(gateway.clone()), "gateway", &self.gateways);
            }
        }
    }
}

/// Reports a name that is not `known`.
pub(crate) fn check_known(context: &Context, name: &At<String>, what: &str, known: &BTreeSet<String>) {
    if !known.contains(&name.value) {
        context.report.unknown(name, what, &known.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
