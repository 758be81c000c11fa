"""Letters as PDF: one page or more each, address in the window of a French envelope, embedded font, language and title set.

The same letters give the same bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, NextPageTemplate, PageBreak, PageTemplate, Paragraph, Spacer

from pdp.messages.assure import format_telephone

CORPS, GROS = 11, 18
"""Points; large print follows the usual floor of 16 to 18."""
_POLICES = {"PdpTexte": "Vera.ttf", "PdpGras": "VeraBd.ttf"}
_MOIS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
_MARGE = 25 * mm
_OBJETS = {"fr": "Objet :", "en": "Subject:", "pt": "Assunto:"}
_LOCALES = {"fr": "fr-FR", "en": "en-GB", "pt": "pt-PT"}


@dataclass(frozen=True)
class Lettre:
    """One letter. ``adresse``: lines after the name; None prints « Adresse à compléter » (a preview)."""

    nom: str
    adresse: str | None
    plateforme: str
    telephone: str | None
    reference: str
    objet: str
    texte: str
    le: date
    langue: str = "fr"
    gros: bool = False


def render_lettres(lettres: Sequence[Lettre]) -> bytes:
    """One PDF for all, each letter beginning on a new page."""
    _fonts()
    sortie = BytesIO()
    seule = lettres[0] if len(lettres) == 1 else None
    document = BaseDocTemplate(
        sortie,
        pagesize=A4,
        title=seule.objet if seule else f"{len(lettres)} courriers",
        author=lettres[0].plateforme,
        lang=_LOCALES.get(lettres[0].langue, "fr-FR"),
        invariant=1,
        leftMargin=_MARGE,
        rightMargin=_MARGE,
    )
    document.addPageTemplates([*(_first_page(rang, lettre) for rang, lettre in enumerate(lettres)), _next_page()])
    recit: list[Flowable] = []
    for rang, lettre in enumerate(lettres):
        if rang:
            recit += [NextPageTemplate(f"lettre{rang}"), PageBreak()]
        recit += [NextPageTemplate("suite"), *_body(lettre)]
    document.build(recit)
    return sortie.getvalue()


def format_jour(le: date) -> str:
    """« 18 novembre 2026 »."""
    return f"{'1er' if le.day == 1 else le.day} {_MOIS[le.month - 1]} {le.year}"


def _first_page(rang: int, lettre: Lettre) -> PageTemplate:
    """Sender, address block and date are drawn; the text flows under them."""
    hauteur = A4[1] - 112 * mm - 20 * mm
    cadre = Frame(_MARGE, 20 * mm, A4[0] - 2 * _MARGE, hauteur, id=f"cadre{rang}", leftPadding=0, rightPadding=0)
    return PageTemplate(id=f"lettre{rang}", frames=[cadre], onPage=lambda canvas, _: _head(canvas, lettre))


def _next_page() -> PageTemplate:
    return PageTemplate(id="suite", frames=[Frame(_MARGE, 20 * mm, A4[0] - 2 * _MARGE, A4[1] - 45 * mm, leftPadding=0, rightPadding=0)])


def _head(canvas: Canvas, lettre: Lettre) -> None:
    taille = 14 if lettre.gros else 10
    expediteur = [lettre.plateforme, f"Téléphone : {format_telephone(lettre.telephone)}" if lettre.telephone else None]
    _lines(canvas, _MARGE, A4[1] - 22 * mm, [e for e in expediteur if e], taille)
    adresse = (lettre.adresse or "Adresse à compléter").splitlines()
    _lines(canvas, 105 * mm, A4[1] - 55 * mm, [lettre.nom, *adresse], 11)
    _lines(canvas, 105 * mm, A4[1] - 95 * mm, [f"Le {format_jour(lettre.le)}"], taille)
    _lines(canvas, _MARGE, A4[1] - 95 * mm, [f"Référence : {lettre.reference}"], taille)


def _lines(canvas: Canvas, x: float, y: float, lignes: Sequence[str], taille: float) -> None:
    canvas.setFont("PdpTexte", taille)
    for ligne in lignes:
        canvas.drawString(x, y, _printable(ligne))
        y -= taille * 1.3


def _body(lettre: Lettre) -> list[Flowable]:
    taille = GROS if lettre.gros else CORPS
    style = ParagraphStyle("texte", fontName="PdpTexte", fontSize=taille, leading=taille * 1.5, spaceAfter=taille)
    titre = ParagraphStyle("objet", parent=style, fontName="PdpGras")
    mention = _OBJETS.get(lettre.langue, "Objet :")
    corps: list[Flowable] = [Paragraph(escape(_printable(f"{mention} {lettre.objet}")), titre), Spacer(1, taille / 2)]
    for bloc in lettre.texte.strip().split("\n\n"):
        corps.append(Paragraph("<br/>".join(escape(_printable(ligne)) for ligne in bloc.splitlines()), style))
    return corps


def _printable(texte: str) -> str:
    """What the font can draw: a letter it lacks is replaced by its neighbour without the accent, rather than by a box."""
    connus = _fonts()
    return "".join(c if ord(c) in connus else _plain(c, connus) for c in texte)


def _plain(c: str, connus: frozenset[int]) -> str:
    if c in "\u202f\u2009\u2007":
        return "\u00a0"
    nu = "".join(d for d in unicodedata.normalize("NFKD", c) if not unicodedata.combining(d))
    return "".join(d if ord(d) in connus else "?" for d in nu)


@cache
def _fonts() -> frozenset[int]:
    """Register the embedded fonts once; returns the characters they have."""
    dossier = Path(reportlab.__file__).parent / "fonts"
    connus: list[set[int]] = []
    for nom, fichier in _POLICES.items():
        police = TTFont(nom, str(dossier / fichier))
        pdfmetrics.registerFont(police)
        connus.append(set(police.face.charToGlyph))
    return frozenset(set.intersection(*connus))
