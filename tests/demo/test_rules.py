"""The rules are named, cited, and independent of the bot they hold."""

from __future__ import annotations

import ast

import pytest

from tests.demo import rules

OURS = {"test_workspace_page"}  # the page in the browser follows no rule of Slack
OWN = {  # what the workspace does beyond Slack, so that no page states it
    "test_a_call_that_hangs_goes_on_once_the_fault_is_lifted",
    "test_a_connection_is_cut_before_or_after_the_message_is_posted",
    "test_an_http_error_is_no_json",
    "test_calls_are_remembered_without_the_token",
    "test_dropped_sockets_end_without_a_word",
    "test_limits_can_be_switched_off",
    "test_only_loopback_may_be_listened_on",
    "test_slack_goes_away_and_comes_back_with_all_messages",
    "test_waiting_in_vain_says_what_there_is_instead",
}


def test_the_table_is_that_of_the_tests() -> None:
    assert rules.TABLE.read_text(encoding="utf-8") == rules.table(), (
        "python -m tests.demo.rules writes it"
    )


def test_every_module_of_rules_is_in_the_table() -> None:
    found = {path.stem for path in rules.HERE.glob("test_workspace_*.py")}
    found |= {path.stem for path in rules.HERE.glob("test_rules_*.py")}
    assert found - OURS == set(rules.MODULES)


def test_every_rule_cites_the_page_that_states_it() -> None:
    uncited = {rule.test for rule in rules.rules() if not rule.pages}
    assert uncited == OWN


@pytest.mark.parametrize("module", sorted({*rules.MODULES, "conftest"}))
def test_a_rule_shares_no_code_with_the_bot(module: str) -> None:
    tree = ast.parse((rules.HERE / f"{module}.py").read_text(encoding="utf-8"))
    imported = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    ]  # fmt: skip
    assert [name for name in imported if name.startswith(("bot.slack", "tests.slack"))] == []
