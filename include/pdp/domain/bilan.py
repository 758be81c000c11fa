"""What a sweep returns to Airflow: counts only."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

A_SUIVRE = "a_suivre"
"""Key of the ``detail`` of a sweep that stopped at the size of its lot: commit, then call it again."""


@dataclass(frozen=True)
class Bilan:
    """Rows treated, skipped because already done, failed and left for the next run; ``detail`` holds other counts."""

    traites: int = 0
    ignores: int = 0
    echoues: int = 0
    detail: dict[str, int] = field(default_factory=dict)

    def __add__(self, autre: Bilan) -> Bilan:
        detail = {cle: self.detail.get(cle, 0) + autre.detail.get(cle, 0) for cle in self.detail | autre.detail}
        return Bilan(self.traites + autre.traites, self.ignores + autre.ignores, self.echoues + autre.echoues, detail)

    def suivi_de(self, autre: Bilan) -> Bilan:
        """This lot, then the next one: counts add up, what remains (``…_restants``) and whether to go on are those of the last."""
        total = self + autre
        derniers = {cle: autre.detail.get(cle, 0) for cle in total.detail if cle.endswith("_restants")}
        detail = {cle: n for cle, n in (total.detail | derniers).items() if cle != A_SUIVRE}
        return Bilan(total.traites, total.ignores, total.echoues, detail)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)
