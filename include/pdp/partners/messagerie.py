"""Transport by the secure mail of health professionals, through an operator: one person per message, a receipt asked.

Content leaves only towards the domains of the secure mail (``PDP_MSS_DOMAINES``): never to an ordinary mailbox. Nothing of a
message is ever logged. A mail server recognises no key, so a message whose answer was lost is never sent again: its receipt, its
bounce or a person settles it (``services/read_boite.py``).
"""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from pdp.clock import jour_local
from pdp.config import settings
from pdp.partners import smtp
from pdp.partners.contrat import Classe, Destinataire, Envoi, Remise
from pdp.referentiel import load_referentiel

if TYPE_CHECKING:
    from pdp.messages.partenaire import Courrier

_ADRESSE = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@(?P<domaine>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


def deliver(destinataire: Destinataire, envoi: Envoi, maintenant: datetime) -> Remise:
    """One message to the secure address of a partner. See :func:`pdp.partners.smtp.send` for what answers mean."""
    adresse = destinataire.adresse_securisee
    if not adresse:
        return Remise(Classe.REFUSE, "address_missing")
    if not is_securisee(adresse):
        return Remise(Classe.REFUSE, "address_not_secure")
    serveur = settings().mss_smtp
    if serveur is None:
        return Remise(Classe.REESSAYER, "no_secure_mail")
    try:
        message = compose(destinataire, envoi, maintenant)
    except KeyError:
        return Remise(Classe.REFUSE, "no_template")
    except (ValueError, MessageError):
        return Remise(Classe.REFUSE, "message_invalid")
    return smtp.send(serveur, settings().mss_expediteur, adresse, message.as_bytes())


def is_securisee(adresse: str) -> bool:
    """Whether the address belongs to one of the configured domains, or to one of their sub-domains."""
    lue = _ADRESSE.fullmatch(adresse)
    if lue is None:
        return False
    domaine = lue["domaine"].lower()
    return any(domaine == admis or domaine.endswith(f".{admis}") for admis in settings().mss_domaines)


def compose(destinataire: Destinataire, envoi: Envoi, maintenant: datetime) -> EmailMessage:
    """The message: its id is the key, so that receipts and answers name it; the same message is the same bytes.

    ``ValueError`` on an address or a value that no header can hold.
    """
    courrier = _render(destinataire, envoi, maintenant)
    expediteur = settings().mss_expediteur
    message = EmailMessage(policy=SMTP)
    message["From"] = expediteur
    message["To"] = str(destinataire.adresse_securisee)
    message["Subject"] = courrier.objet
    message["Date"] = format_datetime(maintenant)
    message["Message-ID"] = message_id(envoi.cle)
    if envoi.suite_de is not None:
        message["In-Reply-To"] = message["References"] = message_id(envoi.suite_de)
    message["Disposition-Notification-To"] = expediteur
    message.set_content(courrier.texte)
    if courrier.pdf is not None:
        message.add_attachment(courrier.pdf, maintype="application", subtype="pdf", filename=f"demande-{str(envoi.cle)[:8]}.pdf")
        message.set_boundary(f"pdp-{envoi.cle.hex}")
    return message


def message_id(cle: object) -> str:
    return f"<{cle}@{settings().mss_expediteur.rpartition('@')[2]}>"


def _render(destinataire: Destinataire, envoi: Envoi, maintenant: datetime) -> Courrier:
    from pdp.messages.partenaire import Emetteur, render_courrier  # makes PDF: loaded for those who send some

    jour = jour_local(maintenant)
    emetteur = Emetteur(
        destinataire.plateforme,
        destinataire.telephone,
        destinataire.nom,
        str(destinataire.adresse_securisee),
        settings().demonstration,
    )
    identite = load_referentiel().valeur("messagerie_objet_identite", jour, destinataire.plateforme_id) is True
    return render_courrier(envoi.type, envoi.corps, emetteur, jour, remplace=envoi.suite_de is not None, identite=identite)
