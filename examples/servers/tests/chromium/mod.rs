//! Headless Chromium.
#![allow(unreachable_pub)]

use crate::skip::skip;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    env, fs,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// A browser with its own profile. Both are removed when this is dropped.
pub struct Browser {
    process: Child,
    profile: PathBuf,
}

impl Browser {
    pub fn open(url: &str) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Relaxed);
        let profile = env::temp_dir().join(format!("sse-wire-browser-{}-{count}", process::id()));
        let program = env::var_os("CHROMIUM").unwrap_or("chromium".into());
        let process = Command::new(&program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match process {
            Ok(process) => Some(Browser { process, profile }),
            Err(error) => {
                let program = program.display();
                skip(&format!("{program} does not start ({error}): what a browser sees is not tested"));
                None
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its own processes, which write into the profile, before it exits.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
