//! What all pictures share: size, colours for light and dark pages, title, and caption.

use crate::figures::Figures;
use std::fmt::{self, Write};

pub(crate) const MARGIN: f64 = 24.0;

/// The colours of a light page, and of a dark one where the reader prefers that.
const STYLE: &str = "\
.page { fill: #fff } text { fill: #24292f } .bold { font-weight: 600 } .note { fill: #57606a }
.tick { fill: #6e7781; font-size: 10px; text-anchor: middle } .name, .end { text-anchor: end }
.grid { stroke: #e5e7eb } .value { paint-order: stroke; stroke: #fff; stroke-width: 3px }
.ours { fill: #c2410c } .peer { fill: #64748b } .limit { fill: #cbd5e1 }
.line { fill: none; stroke-width: 2 } .dash { stroke-dasharray: 4 4 }
.line0 { stroke: #c2410c } .line1 { stroke: #2563eb } .line2 { stroke: #15803d } .line3 { stroke: #9ca3af }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 } .tick { fill: #9198a1 }
.grid { stroke: #30363d } .value { stroke: #0d1117 }
.ours { fill: #f97316 } .peer { fill: #8b98a9 } .limit { fill: #3d4650 }
.line0 { stroke: #f97316 } .line1 { stroke: #60a5fa } .line2 { stroke: #4ade80 } .line3 { stroke: #8b949e }
}";

/// Puts the title, the note, and the caption around a picture of this size. The body begins 84 below the top.
pub(crate) fn document(
    svg: &mut String,
    width: f64,
    height: f64,
    figures: &Figures,
    body: &str,
) -> fmt::Result {
    let (caption, height) = (height + 8.0, height + 24.0);
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif" font-size="11.5">
<style>
{STYLE}
</style>
<rect class="page" width="100%" height="100%"/>
<text x="{MARGIN}" y="34" font-size="19" class="bold">{}</text>
<text x="{MARGIN}" y="55" class="note">{}</text>
{body}<text x="{MARGIN}" y="{caption:.0}" class="note">{}</text>
</svg>"##,
        plain(&figures.title),
        plain(&figures.note),
        plain(&figures.machine),
    )
}

/// Text of a table without its markdown.
pub(crate) fn plain(text: &str) -> String {
    text.replace('`', "").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
