//! SIGKILL at a random time, once or several times in one training.

use crate::faults::compare::Scope;
use crate::faults::trial::{Trial, Verdict, broken};

/// Kills a training up to three times, resumes it in between, and then lets it finish.
pub fn carry_out(trial: &mut Trial) -> Verdict {
    let mut command = trial.training()?;
    for _ in 0..=trial.dice.below(3) {
        let time = trial.random_time();
        let mut child = trial.launch(&mut command)?;
        let was_running = child.runs_until(time).map_err(broken)?;
        if was_running {
            child.signal("KILL").map_err(broken)?;
        }
        let ended = child.finish().map_err(broken)?;
        trial.note(format!("killed after {:.3} s", time.as_secs_f64()));
        if !ended.is_killed() {
            trial.note(format!("but it had ended before ({})", ended.status));
            ended.check()?;
            return trial.completes(&ended, Scope::Everything);
        }
        command = trial.next_command();
    }
    trial.resumes(Scope::Everything)
}
