"""What a sweep returns to Airflow: counts only."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


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

    def as_dict(self) -> dict[str, object]:
        return asdict(self)
