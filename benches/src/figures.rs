//! What a bench has measured, as a small text file next to the picture that is drawn from it.

use crate::{Kind, Table, bars, curves};
use std::{
    error::Error,
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
    str::FromStr,
};

/// How figures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// A panel for each workload, with a bar for each contender.
    Bars,
    /// A line for each contender over the workloads.
    Curves,
}

/// The figures of a picture, and where they come from.
#[derive(Clone, Debug)]
pub struct Figures {
    pub title: String,
    /// How to read them.
    pub note: String,
    pub unit: String,
    pub chart: Chart,
    /// The machine, the versions, and the month.
    pub machine: String,
    /// The command that measured them.
    pub command: String,
    pub figures: Vec<Point>,
}

/// How a contender does a workload.
#[derive(Clone, Debug)]
pub struct Point {
    pub workload: String,
    pub kind: Kind,
    pub contender: String,
    pub value: f64,
}

/// The note for figures in nanoseconds an event.
pub const NANOSECONDS: &str = "Nanoseconds an event, logarithmic; shorter is better. Orange: this crate, grey: others, \
                               light: a part of the work only, as a limit.";

impl Figures {
    /// Those of tables that this machine has just measured. The heading of a table is put before the names of its
    /// workloads.
    pub fn measured(title: &str, command: &str, tables: &[(&str, &Table)]) -> Figures {
        let mut figures = Vec::new();
        for (heading, table) in tables {
            for (column, workload) in table.workloads.iter().enumerate() {
                for row in &table.rows {
                    let Some(measured) = &row.figures[column] else { continue };
                    figures.push(Point {
                        workload: format!("{heading}{workload}"),
                        kind: row.kind,
                        contender: row.name.clone(),
                        value: measured.figure.ns,
                    });
                }
            }
        }
        Figures {
            title: title.into(),
            note: NANOSECONDS.into(),
            unit: "ns".into(),
            chart: Chart::Bars,
            machine: machine(),
            command: command.into(),
            figures,
        }
    }

    /// Writes them to `results`, and draws them.
    pub fn save(&self, name: &str) -> Result<(), Box<dyn Error>> {
        let path = results().join(name);
        fs::create_dir_all(results())?;
        fs::write(path.with_extension("tsv"), self.to_string())?;
        fs::write(path.with_extension("svg"), self.draw())?;
        eprintln!("The picture is {}.", path.with_extension("svg").display());
        Ok(())
    }

    /// The picture, as SVG.
    pub fn draw(&self) -> String {
        let mut svg = String::new();
        // Writing to a string does not fail.
        let _ = match self.chart {
            Chart::Bars => bars::draw(&mut svg, self),
            Chart::Curves => curves::draw(&mut svg, self),
        };
        svg
    }

    /// The workloads, in the order in which they come.
    pub(crate) fn workloads(&self) -> Vec<&str> {
        let mut workloads: Vec<&str> = Vec::new();
        for figure in &self.figures {
            if !workloads.contains(&figure.workload.as_str()) {
                workloads.push(&figure.workload);
            }
        }
        workloads
    }
}

/// The folder of the figures and pictures.
pub fn results() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results")
}

/// This machine: processor, cores, system, compiler, month.
fn machine() -> String {
    let said = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let rust = said("rustc", "-V").and_then(|version| Some(version.split(' ').nth(1)?.to_string()));
    let parts = [
        model.map(|(_, model)| model.to_string()),
        Some(format!("{cores} cores")),
        // Without what a distribution adds to the version.
        said("uname", "-sr").and_then(|system| Some(system.split('-').next()?.to_string())),
        rust.map(|version| format!("Rust {version}")),
        said("date", "+%Y-%m"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Lines of `name: value`, an empty line, and a line of values separated by tabs for each figure.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chart = if self.chart == Chart::Bars { "bars" } else { "curves" };
        writeln!(f, "title: {}\nnote: {}\nunit: {}\nchart: {chart}", self.title, self.note, self.unit)?;
        writeln!(f, "machine: {}\ncommand: {}\n", self.machine, self.command)?;
        for Point { workload, kind, contender, value } in &self.figures {
            let kind = match kind {
                Kind::Limit => "limit",
                Kind::Ours => "ours",
                Kind::Peer => "peer",
            };
            writeln!(f, "{workload}\t{kind}\t{contender}\t{value}")?;
        }
        Ok(())
    }
}

impl FromStr for Figures {
    type Err = String;

    fn from_str(text: &str) -> Result<Figures, String> {
        let (head, body) = text.split_once("\n\n").ok_or("no empty line after the head")?;
        let value = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.map(String::from).ok_or(format!("no {name:?} in the head"))
        };
        let figure = |line: &str| {
            let [workload, kind, contender, value] = line.split('\t').collect::<Vec<_>>()[..] else {
                return Err(format!("not four values: {line:?}"));
            };
            let kind = match kind {
                "limit" => Kind::Limit,
                "ours" => Kind::Ours,
                "peer" => Kind::Peer,
                _ => return Err(format!("not a kind of contender: {kind:?}")),
            };
            let value: f64 = value.parse().map_err(|_| format!("not a number: {line:?}"))?;
            if value <= 0.0 {
                return Err(format!("not more than 0: {line:?}"));
            }
            Ok(Point { workload: workload.into(), kind, contender: contender.into(), value })
        };
        let chart = match &*value("chart")? {
            "bars" => Chart::Bars,
            "curves" => Chart::Curves,
            other => return Err(format!("not a chart: {other:?}")),
        };
        Ok(Figures {
            title: value("title")?,
            note: value("note")?,
            unit: value("unit")?,
            chart,
            machine: value("machine")?,
            command: value("command")?,
            figures: body.lines().map(figure).collect::<Result<_, _>>()?,
        })
    }
}
