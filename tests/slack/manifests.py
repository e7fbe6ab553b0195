"""manifest.workflow.yml is manifest.yml with the step for Workflow Builder in it.

`python -m tests.slack.manifests` writes it anew.
"""

from __future__ import annotations

from tests.slack.conftest import MANIFEST, WORKFLOW_MANIFEST

_HEAD = """\
# The Slack app of manifest.yml with one thing more: “Diagnose a backend”, a step for Workflow
# Builder. Custom steps need a paid plan, and an app that is approved for the whole organisation.
# For HTTP mode see the head of manifest.yml.
"""
_FUNCTIONS = """\
functions:
  diagnose_backend:
    title: Diagnose a backend
    description: Checks a backend and names the cause when it fails
    input_parameters:
      target:
        type: string
        title: Target
        description: A target by the name it has in wsdiag's settings
        is_required: true
        name: target
      deep:
        type: boolean
        title: Deep check
        description: Hold connections as well, up to two and a half minutes
        is_required: false
        name: deep
      user:
        type: slack#/types/user_id
        title: Person
        description: Who runs the workflow; needed where not everybody may check
        is_required: false
        name: user
    output_parameters:
      state:
        type: string
        title: State
        description: up, degraded, down or unknown
        is_required: true
        name: state
      cause:
        type: string
        title: Cause
        description: The code of the cause, where one is named
        is_required: false
        name: cause
      summary:
        type: string
        title: Summary
        description: State and cause in a sentence
        is_required: true
        name: summary
      fix:
        type: string
        title: Fix
        description: What to do about it, where a cause is named
        is_required: false
        name: fix
"""


def with_step(manifest: str) -> str:
    """The second manifest, from the text of the first."""
    body = manifest[manifest.index("_metadata:") :]
    for before, after in (
        ("oauth_config:\n", f"{_FUNCTIONS}oauth_config:\n"),
        ("      - app_mention\n", "      - app_mention\n      - function_executed\n"),
        (
            "  org_deploy_enabled: false\n",
            "  function_runtime: remote\n  org_deploy_enabled: true\n",
        ),
    ):
        assert body.count(before) == 1, before
        body = body.replace(before, after)
    return _HEAD + body


if __name__ == "__main__":
    WORKFLOW_MANIFEST.write_text(with_step(MANIFEST.read_text("utf-8")), "utf-8")
