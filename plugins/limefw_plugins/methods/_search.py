"""The search for a rule: longer by one segment at a time, with as few draws as will do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from limefw.types import Floats
from limefw_plugins.methods._bandit import Rule, best_of
from limefw_plugins.methods._law import Law


CHOOSING = 0.25
"""The part of the rows left that choosing among rules of one length may take: equally good ones would take all of them,
and with such it matters least which is taken."""


@dataclass(slots=True, eq=False)
class Search:
    """The search for one target's rule.

    Args:
        law: what is shown beside a rule.
        at: the target, among those of the game.
        line: above it the model decides for the label.
        rows: that are left.
        batch: draws that a rule is tried with at a time.
        threshold: the precision that a rule must have.
        delta: how probably a bound, or the choice among rules, may be wrong.
        slack: the bound may be so far below the threshold.
        beam: rules that are kept at each length.
    """

    law: Law
    at: int
    line: float
    rows: int
    batch: int
    threshold: float
    delta: float
    slack: float
    beam: int

    def best(self, longest: int, epsilon: float) -> Rule:
        """Return the rule that applies most often of those that are precise enough; else the most precise one."""
        rules, tried, found = [self._rule(())], list[Rule](), list[Rule]()
        delta = self.delta / (1 + (self.beam - 1) * self.law.game.segments.count)
        for _ in range(longest + 1):
            lead = best_of(rules, self.beam, self._choosing(), delta=self.delta, epsilon=epsilon)
            tried += lead
            found += [rule for rule in lead if self._good(rule, delta)]
            rules = self._longer(lead, max((rule.coverage for rule in found), default=-1.0))
            if not rules or not self.rows:
                break
        if found:
            return self._pruned(max(found, key=lambda rule: rule.coverage), delta)
        return max(tried, key=lambda rule: rule.bounds(-log(self.delta))[0])

    def _pruned(self, rule: Rule, delta: float) -> Rule:
        """Return a rule without the parts that it does not need.

        Where no segment alone makes a rule more precise, as of an XOR, the first ones are added by chance.
        """
        for column in rule.columns:
            shorter = self._rule(tuple(at for at in rule.columns if at != column))
            if self._good(shorter, delta):
                rule = shorter
        return rule

    def _choosing(self) -> Callable[[Rule], bool]:
        """Return what tries a rule to choose among rules of one length, with a part of the rows that are left."""
        kept = int(self.rows * (1.0 - CHOOSING))
        return lambda rule: self._try(rule, kept)

    def _try(self, rule: Rule, kept: int = 0) -> bool:
        """Try a rule some more times; False where no more rows than those to keep are left."""
        count = min(self.batch, self.rows - kept)
        if count <= 0:
            return False
        self.rows -= count
        self._count(rule, self.law.ask(rule.columns, count))
        return True

    def _count(self, rule: Rule, targets: Floats) -> None:
        same = (targets[:, self.at] > self.line) == (self.law.own[self.at] > self.line)
        rule.tried, rule.held = rule.tried + len(same), rule.held + int(same.sum())

    def _rule(self, columns: tuple[int, ...]) -> Rule:
        rule = Rule(columns, self.law.coverage(columns))
        self._count(rule, self.law.known(columns))
        return rule

    def _longer(self, lead: Sequence[Rule], coverage: float) -> list[Rule]:
        """Return all rules that are longer by one and apply more often than what was found."""
        every = {
            frozenset((*rule.columns, column)): (*rule.columns, column)
            for rule in lead
            for column in range(self.law.game.segments.count)
            if column not in rule.columns
        }
        return [rule for rule in map(self._rule, every.values()) if rule.coverage > coverage]

    def _good(self, rule: Rule, delta: float) -> bool:
        """Try a rule until it is clear whether it is precise enough."""
        while True:
            low, high = rule.bounds(-log(delta))
            open_above = rule.precision >= self.threshold and low < self.threshold - self.slack
            open_below = rule.precision < self.threshold and high >= self.threshold + self.slack
            if not ((open_above or open_below) and self._try(rule)):
                return rule.certain(self.threshold, self.slack, delta)
