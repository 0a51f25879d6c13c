//! Draws figures as an SVG picture: a line for each contender over the workloads. Both axes are logarithmic.

use crate::{
    figures::Figures,
    svg::{self, plain},
};
use std::fmt::{self, Write};

const LEFT: f64 = 60.0;
const TOP: f64 = 84.0;
const STEP: f64 = 34.0;
const DECADE: f64 = 80.0;

/// Contenders whose names differ only in what follows the last comma share a colour; the first of them is dashed.
pub(crate) fn draw(svg: &mut String, figures: &Figures) -> fmt::Result {
    let workloads = figures.workloads();
    let mut names: Vec<&str> = Vec::new();
    for figure in &figures.figures {
        if !names.contains(&figure.contender.as_str()) {
            names.push(&figure.contender);
        }
    }
    let all = || figures.figures.iter().map(|figure| figure.value.log10());
    let (low, high) = (all().fold(0.0, f64::min).floor() as i32, all().fold(0.0, f64::max).ceil() as i32);
    let x = |i: usize| LEFT + STEP * i as f64;
    let y = |value: f64| TOP + DECADE * (f64::from(high) - value.log10());
    let right = x(workloads.len().saturating_sub(1));
    let bottom = y(10f64.powi(low));

    let mut body = String::new();
    for decade in low..=high {
        let (value, at) = (10f64.powi(decade), y(10f64.powi(decade)));
        writeln!(body, r#"<path class="grid" d="M{LEFT} {at}H{right}"/>"#)?;
        writeln!(body, r#"<text class="tick end" x="{}" y="{}">{value}</text>"#, LEFT - 6.0, at + 3.0)?;
    }
    for (i, name) in workloads.iter().enumerate().step_by(2) {
        writeln!(body, r#"<text class="tick" x="{}" y="{}">{}</text>"#, x(i), bottom + 18.0, plain(name))?;
    }
    let (mut kinds, mut legend): (Vec<&str>, f64) = (Vec::new(), LEFT);
    for name in names {
        let kind = name.rsplit_once(", ").map_or(name, |(kind, _)| kind);
        let is_new = !kinds.contains(&kind);
        if is_new {
            kinds.push(kind);
        }
        let colour = kinds.iter().position(|other| *other == kind).unwrap_or_default();
        let points = figures.figures.iter().filter(|figure| figure.contender == name).filter_map(|figure| {
            let i = workloads.iter().position(|workload| *workload == figure.workload)?;
            Some(format!("{:.1},{:.1}", x(i), y(figure.value)))
        });
        let (points, dash) = (points.collect::<Vec<_>>().join(" "), if is_new { " dash" } else { "" });
        writeln!(body, r#"<polyline class="line line{colour}{dash}" points="{points}"/>"#)?;
        if is_new {
            let at = bottom + 44.0;
            writeln!(body, r#"<path class="line line{colour}" d="M{legend} {}h14"/>"#, at - 4.0)?;
            writeln!(body, r#"<text x="{}" y="{at}">{}</text>"#, legend + 20.0, plain(kind))?;
            legend += 32.0 + 6.2 * kind.len() as f64;
        }
    }
    svg::document(svg, f64::max(right, legend) + 24.0, bottom + 64.0, figures, &body)
}
