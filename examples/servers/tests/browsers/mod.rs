//! Headless browsers.
#![allow(unreachable_pub)]

use crate::skip::skip;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Chromium,
    Firefox,
}

/// What a new profile of Firefox is told, so that it opens the page and nothing else.
const FIREFOX_PREFERENCES: &str = r#"
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"#;

impl Kind {
    /// The command of this browser: that of an environment variable, or what Debian calls it.
    fn program(self) -> OsString {
        let (variable, name) = match self {
            Kind::Chromium => ("CHROMIUM", "chromium"),
            Kind::Firefox => ("FIREFOX", "firefox-esr"),
        };
        env::var_os(variable).unwrap_or(name.into())
    }

    fn command(self, profile: &Path) -> io::Result<Command> {
        let mut command = Command::new(self.program());
        match self {
            Kind::Chromium => {
                command
                    .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
                    .args(["--no-first-run", "--disable-background-networking"])
                    .args(["--disable-component-update", "--disable-sync"])
                    .arg(format!("--user-data-dir={}", profile.display()));
            }
            Kind::Firefox => {
                fs::create_dir_all(profile)?;
                fs::write(profile.join("user.js"), FIREFOX_PREFERENCES)?;
                command.args(["--headless", "--no-remote", "--profile"]).arg(profile);
            }
        }
        Ok(command)
    }
}

/// A browser with a profile of its own. Both go when this is dropped.
pub struct Browser {
    process: Child,
    profile: PathBuf,
}

impl Browser {
    pub fn open(kind: Kind, url: &str) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Relaxed);
        let profile = env::temp_dir().join(format!("sse-wire-browser-{}-{count}", process::id()));
        let mut command = kind.command(&profile).expect("a profile");
        match command.arg(url).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(process) => Some(Browser { process, profile }),
            Err(error) => {
                skip(&format!("{kind:?} does not start ({error}): what it sees is not tested"));
                None
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its own processes, which write into the profile, before it goes.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
