"""What the explanation recomputes from the facts is what the detection stored: same threshold, same sentences, same points."""

from __future__ import annotations

from sqlalchemy import text

from fabrique import lot, socle
from fabrique_detection import MAINTENANT, insert_personnes, run
from histoires import generate_personnes
from pdp.services.explain_cas import explain_cas


def test_explanation_and_detection_say_the_same(base: str) -> None:
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, generate_personnes(31, 150))
        run(conn)
        signales = {
            s.assure_id: s.palier for s in conn.execute(text("SELECT assure_id, palier FROM pdp.signalement WHERE statut <> 'remplace'"))
        }
        exclus = 0
        for assure in conn.execute(text("SELECT id FROM identite.assure")).scalars():
            e = explain_cas(conn, assure, MAINTENANT, lecteur="medecin")
            paliers = [phrase for phrase in e.constats if phrase.startswith("Les règles donnent le palier")]
            assert bool(paliers) == (assure in signales), e.constats
            if e.signalement is None:
                exclus += any(phrase.startswith("Aucun signalement") for phrase in e.constats)
                continue
            assert paliers[0].startswith(f"Les règles donnent le palier J{signales[assure]},")
            assert f"atteint le {e.signalement.survenu_le:%d/%m/%Y}" in paliers[0]
            stockees = {f"{r.phrase} ({r.points} points, règle {r.regle} version {r.version})" for r in e.signalement.raisons}
            assert stockees == {phrase for phrase in e.constats if "points, règle" in phrase}
            assert e.signalement.priorite_au(e.jour) == e.signalement.priorite
    assert len(signales) > 20
    assert exclus > 5
