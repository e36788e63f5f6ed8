//! What became of each member of a scene, in words.

use std::fmt::Write as _;
use std::time::Duration;

use confab_audio::Event;
use confab_mixer::level_dbov;

use crate::measure::clicks;
use crate::phone::Phone;
use crate::scene::{PhoneId, Scene};

/// For each member: what he said and heard, what the room concealed of him, and for each other who heard him the delay in
/// each second.
pub fn report(scene: &Scene) -> String {
    let mut report = String::new();
    for member in scene.phones() {
        let phone = scene.phone(member);
        let _ = writeln!(report, "{}", member_line(scene, member, phone));
        for other in scene.phones().filter(|other| *other != member) {
            let delays = delays(scene, member, other);
            if !delays.is_empty() {
                let _ = writeln!(report, "  heard by {} after ms: {}", other.number(), delays.join(" "));
            }
        }
    }
    report
}

fn member_line(scene: &Scene, member: PhoneId, phone: &Phone) -> String {
    let (said, heard, counts) = (phone.said(), phone.heard(), phone.counts());
    format!(
        "member {}: says {:.1} dBov, hears {:.1} dBov with {} clicks; {:.2} % of him concealed; {} packets to him, {} lost, {} late",
        member.number(),
        level_dbov(&said.samples),
        level_dbov(&heard.samples),
        clicks(&heard.samples, heard.rate).len(),
        concealed_percent(scene, member),
        counts.packets,
        counts.lost,
        counts.late,
    )
}

fn delays(scene: &Scene, from: PhoneId, to: PhoneId) -> Vec<String> {
    let delay = |second| scene.delay_ms(from, to, Duration::from_secs(second));
    (1..scene.now().as_secs())
        .map(|second| delay(second).map_or_else(|| "-".into(), |ms| format!("{ms:.0}")))
        .collect()
}

/// Share of the time that the room concealed of a member, by its last word on his line, percent.
fn concealed_percent(scene: &Scene, member: PhoneId) -> f64 {
    let told = |(at, event): &(Duration, Event)| match event {
        Event::LegQuality { quality, .. } if Scene::is_about(event, member) => {
            Some(quality.uplink.concealed_ms as f64 / at.as_millis() as f64 * 100.0)
        }
        _ => None,
    };
    scene.events().iter().rev().find_map(told).unwrap_or(0.0)
}
