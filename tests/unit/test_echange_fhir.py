"""The guide given to partners says what the code does: its signature is ours, the codes and addresses it names exist."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

from pdp.config import RACINE
from pdp.fhir import systemes
from pdp.fhir.capacite import INTERACTIONS
from pdp.fhir.codes import TASK_STATUS
from pdp.partners import signature
from pdp.portal.fhir.app import create_fhir
from pdp.services.authenticate_client import key_of

GUIDE = (RACINE / "include" / "docs" / "echange_fhir.md").read_text(encoding="utf-8")


def test_lines_of_code_of_the_guide_sign_as_we_verify() -> None:
    code = re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert code
    noms = {
        "hmac": hmac, "sha256": sha256, "secret": "secret", "jeton": "jeton", "instant": 1_700_000_000, "chemin": "/fhir/Task/x",
        "appel": "appel-0001", "version": 'W/"3"', "corps": b"{}",
    }  # fmt: skip
    exec(code[1], noms)  # noqa: S102  the guide is ours: what it teaches is run
    parties = (*signature.request_parts("PUT", "/fhir/Task/x", "appel-0001"), 'W/"3"')
    assert signature.is_valid(key_of("secret", "jeton"), parties, b"{}", str(noms["entete"]), 1_700_000_000)


def test_addresses_of_the_guide_are_served() -> None:
    servies = {f"/fhir{r.path}".replace("{identifiant}", "{id}") for r in create_fhir().routes}
    assert set(re.findall(r"/fhir/[\w{}/.]*[\w}]", GUIDE)) <= servies
    assert set(INTERACTIONS) <= set(re.findall(r"\w+", GUIDE))


def test_codes_of_the_guide_are_those_of_the_code() -> None:
    connus = {v for n, v in vars(systemes).items() if n.isupper()} | {"urn:pdp:erreur"}
    assert {s.rstrip(":") for s in re.findall(r"urn:pdp:[a-z-]+", GUIDE)} <= connus
    sources = "".join(f.read_text(encoding="utf-8") for d in ("portal/fhir", "services") for f in (RACINE / "include/pdp" / d).glob("*.py"))
    for code in ("invalid_token", "invalid_signature", "replayed", "stale_version", "version_required", "too_many_calls"):
        assert f"`{code}`" in GUIDE
        assert f'"{code}"' in sources, code
    assert {"received", "accepted", "rejected", "in-progress", "on-hold", "completed", "failed", "cancelled"} <= set(TASK_STATUS)
