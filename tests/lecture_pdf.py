"""The words of a PDF of ours, read as its reader's software would: from its pages and the character maps of its embedded fonts."""

from __future__ import annotations

import base64
import re
import zlib

_OBJET = re.compile(rb"(\d+) 0 obj\s(.*?)endobj", re.DOTALL)
_FLUX = re.compile(rb"stream\r?\n(.*)endstream", re.DOTALL)
_POLICE = re.compile(rb"/Name /(F\S+).*?/ToUnicode (\d+) 0 R", re.DOTALL)
_CARACTERE = re.compile(rb"<([0-9A-F]{2})> <([0-9A-F]{4})>")
_ECRIT = re.compile(rb"/(F\S+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)
_ECHAPPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)


def read_pdf(contenu: bytes) -> str:
    """Words in the order they are drawn, one space between two runs; a font without a map is not read."""
    objets = {int(numero): corps for numero, corps in _OBJET.findall(contenu)}
    polices = {nom: _read_map(objets[int(carte)]) for corps in objets.values() for nom, carte in _POLICE.findall(corps)}
    lus: list[str] = []
    for corps in objets.values():
        if b"/Filter" in corps and b"/Length1" not in corps:
            lus += _read_page(_inflate(corps), polices)
    return " ".join(" ".join(lus).split())


def _inflate(corps: bytes) -> bytes:
    flux = _FLUX.search(corps)
    assert flux is not None
    octets = base64.a85decode(b"<~" + flux[1].strip(), adobe=True) if b"/ASCII85Decode" in corps else flux[1]
    return zlib.decompressobj().decompress(octets)


def _read_map(corps: bytes) -> dict[int, str]:
    return {int(code, 16): chr(int(caractere, 16)) for code, caractere in _CARACTERE.findall(_inflate(corps))}


def _read_page(dessin: bytes, polices: dict[bytes, dict[int, str]]) -> list[str]:
    lus, police = [], {}
    for nom, ecrit in _ECRIT.findall(dessin):
        if nom:
            police = polices.get(nom, {})
        else:
            lus.append("".join(police.get(octet, "") for octet in _ECHAPPE.sub(_unescape, ecrit)))
    return lus


def _unescape(trouve: re.Match[bytes]) -> bytes:
    code = trouve[1]
    return bytes([int(code, 8)]) if code.isdigit() else {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(code, code)
