//! "Did you mean".

/// More names than this are not listed.
const MAX_LISTED: usize = 24;

/// Names the nearest of `known` if it is near enough to be a slip, otherwise all of them.
pub(crate) fn help(written: &str, known: &[&str]) -> String {
    match nearest(written, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "none is defined".into(),
        None if known.len() > MAX_LISTED => format!("allowed: {}, …", known[..MAX_LISTED].join(", ")),
        None => format!("allowed: {}", known.join(", ")),
    }
}

fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let bound = (written.chars().count() / 3).clamp(1, 3);
    let (distance, name) = known.iter().map(|name| (distance(written, name), *name)).min()?;
    (distance <= bound).then_some(name)
}

/// How many characters have to be inserted, deleted, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_listed() {
        let known = ["listen", "advertise", "user_agent"];
        assert_eq!(help("listn", &known), "did you mean `listen`?");
        assert_eq!(help("lsiten", &known), "did you mean `listen`?");
        assert_eq!(help("useragent", &known), "did you mean `user_agent`?");
        assert_eq!(help("port", &known), "allowed: listen, advertise, user_agent");
        assert_eq!(help("x", &[]), "none is defined");
        assert!(help("users", &["1001"; 1000]).ends_with("1001, …"));
    }
}
