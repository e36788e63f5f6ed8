//! A picture of figures against the number of callers, as SVG.

use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
/// Left, right, top, bottom of what is drawn in.
const FRAME: (f64, f64, f64, f64) = (70.0, 560.0, 40.0, 370.0);
const COLOURS: [&str; 5] = ["#888888", "#1f6fb2", "#c2571a", "#2e8b57", "#7d3c98"];

/// One line of the picture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// What it shows.
    pub(crate) name: String,
    /// Callers, and the figure.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Draws the lines: callers on a logarithmic axis to the right, the figure upward from 0.
pub(crate) fn svg(title: &str, unit: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let (least, most) =
        points().fold((f64::MAX, 1.0), |(least, most), p| (f64::min(least, p.0), f64::max(most, p.0)));
    let top = nice(points().fold(1.0, |top, p| f64::max(top, p.1)));
    let axes = Axes { least: least.min(most / 2.0), most, top };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{}\" y=\"22\" font-size=\"15\">{title}</text>\n",
        FRAME.0
    );
    axes.draw(&mut out, unit, lines);
    for (index, line) in lines.iter().enumerate() {
        axes.line(&mut out, line, COLOURS[index % COLOURS.len()], index);
    }
    out.push_str("</svg>\n");
    out
}

struct Axes {
    least: f64,
    most: f64,
    top: f64,
}

impl Axes {
    fn x(&self, callers: f64) -> f64 {
        FRAME.0 + (callers / self.least).ln() / (self.most / self.least).ln() * (FRAME.1 - FRAME.0)
    }

    fn y(&self, value: f64) -> f64 {
        FRAME.3 - value / self.top * (FRAME.3 - FRAME.2)
    }

    fn draw(&self, out: &mut String, unit: &str, lines: &[Line]) {
        let (left, right, top, bottom) = FRAME;
        for step in 0..=5 {
            let value = self.top * f64::from(step) / 5.0;
            let y = self.y(value);
            text(out, left - 8.0, y + 4.0, "end", &format!("{value:.0}"));
            let _ = writeln!(out, "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#dddddd\"/>");
        }
        let mut callers: Vec<f64> = lines.iter().flat_map(|line| &line.points).map(|point| point.0).collect();
        callers.sort_by(f64::total_cmp);
        callers.dedup();
        for callers in callers {
            text(out, self.x(callers), bottom + 18.0, "middle", &format!("{callers:.0}"));
        }
        text(out, f64::midpoint(left, right), bottom + 38.0, "middle", "callers");
        text(out, left, top - 6.0, "start", unit);
    }

    fn line(&self, out: &mut String, line: &Line, colour: &str, index: usize) {
        let place = |(callers, value): &(f64, f64)| format!("{:.1},{:.1}", self.x(*callers), self.y(*value));
        let points: Vec<String> = line.points.iter().map(place).collect();
        let points = points.join(" ");
        let _ = writeln!(
            out,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
        for point in &line.points {
            let (x, y) = (self.x(point.0), self.y(point.1));
            let _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let y = FRAME.2 + 20.0 * index as f64 + 10.0;
        let (from, to) = (FRAME.1 + 16.0, FRAME.1 + 40.0);
        let _ = writeln!(out, "<path d=\"M{from} {y}H{to}\" stroke=\"{colour}\" stroke-width=\"2\"/>");
        text(out, to + 6.0, y + 4.0, "start", &line.name);
    }
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

/// The next higher number that reads well.
fn nice(value: f64) -> f64 {
    let ten = 10f64.powf(value.log10().floor());
    [1.0, 1.5, 2.0, 3.0, 5.0].iter().map(|n| n * ten).find(|n| *n >= value).unwrap_or(10.0 * ten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_its_lines_within_its_frame() {
        let line = Line { name: "one room".into(), points: vec![(100.0, 300.0), (1000.0, 210.0)] };
        let svg = svg("cost", "us", &[line]);
        assert!(svg.contains("points=\"70.0,40.0 560.0,139.0\""), "{svg}");
        assert_eq!([1.0, 7.0, 160.0, 300.0].map(nice), [1.0, 10.0, 200.0, 300.0]);
    }
}
