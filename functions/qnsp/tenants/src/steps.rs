//! The steps of a workflow: which are carried out now, and where it then stands. Nothing here is stored.

use model::qnsp::tenant::{Step, StepKind, StepStatus, Template, WorkflowStatus};

/// The steps of a new workflow. `manual` are those that wait for the word of an operator, besides those of the template.
pub(crate) fn planned(template: Template, new_id: impl Fn() -> service::Result<String>) -> service::Result<Vec<Step>> {
    let steps = template.kinds().into_iter().zip(1..).map(|(kind, order)| {
        Ok(Step {
            step_id: new_id()?,
            name: name(kind).to_owned(),
            kind,
            order,
            status: StepStatus::Pending,
            output: None,
        })
    });
    steps.collect()
}

fn name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::CreateTenantRecord => "Create the tenant",
        StepKind::SetQuotaTier => "Set tier, add-ons and limits",
        StepKind::CreateDefaultPolicies => "Create the default policies",
        StepKind::RegisterAdmin => "Register the first user",
        StepKind::EnableAudit => "Enable the audit log",
    }
}

/// Carries out steps in order until one waits for an operator; gives their kinds. The workflow is completed when none is left.
pub(crate) fn advance(steps: &mut [Step], is_manual: impl Fn(StepKind) -> bool) -> (Vec<StepKind>, WorkflowStatus) {
    let mut done = Vec::new();
    for step in steps {
        match step.status {
            StepStatus::Pending if is_manual(step.kind) => {
                step.status = StepStatus::InProgress;
                return (done, WorkflowStatus::InProgress);
            }
            StepStatus::InProgress => return (done, WorkflowStatus::InProgress),
            StepStatus::Pending => {
                step.status = StepStatus::Completed;
                done.push(step.kind);
            }
            StepStatus::Completed | StepStatus::Skipped | StepStatus::Failed => {}
        }
    }
    (done, WorkflowStatus::Completed)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn steps(template: Template) -> Vec<Step> {
        planned(template, || Ok("id".to_owned())).unwrap()
    }

    #[test]
    fn a_workflow_without_manual_steps_is_carried_out_at_once() {
        for (template, count) in [(Template::Standard, 5), (Template::Sandbox, 4)] {
            let mut steps = steps(template);
            let (done, status) = advance(&mut steps, |kind| template.is_manual(kind));
            assert_eq!((done.len(), status), (count, WorkflowStatus::Completed));
            assert!(steps.iter().all(|step| step.status == StepStatus::Completed));
        }
    }

    #[test]
    fn a_manual_step_waits_and_the_rest_follows_its_word() {
        let mut steps = steps(Template::Enterprise);
        let is_manual = |kind| Template::Enterprise.is_manual(kind);
        assert_eq!(advance(&mut steps, is_manual), (vec![StepKind::CreateTenantRecord], WorkflowStatus::InProgress));
        assert_eq!(advance(&mut steps, is_manual), (Vec::new(), WorkflowStatus::InProgress));
        steps.iter_mut().find(|step| step.status == StepStatus::InProgress).unwrap().status = StepStatus::Skipped;
        let (done, status) = advance(&mut steps, is_manual);
        let rest = vec![StepKind::CreateDefaultPolicies, StepKind::RegisterAdmin, StepKind::EnableAudit];
        assert_eq!((done, status), (rest, WorkflowStatus::Completed));
    }
}
