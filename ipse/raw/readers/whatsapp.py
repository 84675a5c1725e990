"""WhatsApp's "Export chat" text file, from Android and iPhone, in the locales they write.

Media lines, deleted messages and notices are kept as system turns: they are no claims. Phrases
are known in the larger languages; in others a notice without a name is recognised by that alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ipse.raw.readers import decode, stamped
from ipse.raw.readers.quotes import INVISIBLE
from ipse.raw.readers.reading import Origin, Reader, Reading, Said, conversation
from ipse.types import Person

_FILE = r"[\w .()+,~@-]{1,120}\.\w{2,5}"
_WITHHELD = (
    r"(?:omitted|weggelassen|ausgeschlossen|omitid[oa]s?|omis(?:e|es)?|omess[oia]|esclus[oia]|weggelaten|ocultad[oa]"
    r"|excluíd[oa]s?|utelatt|udeladt|pominięt[oey]|vynechán[oay]?)"
)
_KINDS = (
    r"image|video|audio|gif|sticker|document|contact card|bild|foto|imagen|imagem|immagine|afbeelding|photo"
    r"|vídeo|vidéo|ton|dokument|documento|kontaktkarte"
)
_ATTACHED = (
    r"(?:file attached|Datei angehängt|archivo adjunto|arquivo anexado|fichier joint|file allegato"
    r"|bestand bijgevoegd)"
)
_MEDIA = re.compile(
    rf"<[^<>\n]{{1,40}}\b{_WITHHELD}\.?>|(?:{_KINDS}|{_FILE}[^\n]{{0,40}}?)\s{_WITHHELD}"
    rf"|{_FILE} \({_ATTACHED}\)"
    r"|<(?:attached|Anhang|adjunto|anexado|pièce jointe|allegato|bijgevoegd)\s?:[^<>\n]+>",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"(?:this message was deleted|you deleted this message|(?:du hast )?diese nachricht (?:wurde )?gelöscht"
    r"|se eliminó este mensaje|eliminaste este mensaje|ce message a été supprimé"
    r"|vous avez supprimé ce message"
    r"|essa mensagem foi apagada|mensagem apagada|questo messaggio è stato eliminato"
    r"|dit bericht is verwijderd"
    r"|missed (?:voice|video|group)[^\n]{0,20}call|(?:voice|video) call, [^\n]{0,40}"
    r"|verpasster[^\n]{0,20}anruf[^\n]{0,20}|waiting for this message\. this may take a while|null"
    r"|live location shared|view once[^\n]{0,20})\.?",
    re.IGNORECASE,
)
_ENCRYPTION = re.compile(
    r"messages (?:and calls are|to this (?:group|chat) are) (?:now )?(?:end-to-end encrypted|secured)"
    r"|nachrichten und anrufe sind ende-zu-ende|los mensajes y las llamadas están cifrados"
    r"|les messages et les appels sont chiffrés|as mensagens e (?:as )?(?:ligações|chamadas) são protegidas"
    r"|i messaggi e le chiamate sono crittografati|berichten en gesprekken worden end-to-end",
    re.IGNORECASE,
)
# A notice may hold a colon ('Ann changed the subject to "Plan: B"'), and then looks like a name.
_NOT_A_NAME = re.compile(
    r"\b(?:created group|changed (?:the|this|their|to)|added|removed|joined using|security code"
    r"|hat den betreff|hat die gruppe|cambió el|a changé|a modifié|mudou o|ha cambiato)\b|[\"“”]"
)
_EDITED = re.compile(
    r"\s*<[^<>\n]{0,30}(?:edited|bearbeitet|editado|modifié|modificato)[^<>\n]{0,10}>\s*$", re.IGNORECASE
)


def sniff(_path: Path, head: bytes) -> bool:
    return stamped.is_stamped(decode.peek(head))


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in the decoded file. Raises BrokenInput, NoSpeakerMatch."""
    text, failures = decode.text(path, data)
    found, doubts = stamped.messages(text)
    said = [part for message in found for part in _said(text, message, path.stem)]
    turns = conversation(Origin.of(path, data), said, person)
    return Reading("whatsapp", turns, failures + doubts)


def _said(text: str, message: stamped.Message, thread: str) -> Iterator[Said]:
    place, whole = f"line {message.line}", text[message.start : message.end]
    if message.speaker is None or _NOT_A_NAME.search(message.speaker):
        line_start = text.rfind("\n", 0, message.start) + 1
        yield Said("", text[line_start : message.end], message.at, place, line_start, thread, role="system")
        return
    if _ENCRYPTION.match(whole.strip(INVISIBLE + " ")):
        yield Said(message.speaker, whole, message.at, place, message.start, thread, role="system")
        return
    rest = message.start
    first_start, first_end = next(stamped.split_first_line(text, message))
    if _is_notice(text[first_start:first_end]):
        first = text[first_start:first_end]
        yield Said(message.speaker, first, message.at, place, first_start, thread, role="system")
        rest = first_end
    caption = text[rest : message.end]
    edited = _EDITED.search(caption)
    own = caption[: edited.start()] if edited else caption
    yield Said(message.speaker, own, message.at, place, rest, thread)


def _is_notice(line: str) -> bool:
    bare = line.strip(INVISIBLE + " \t\r")
    return bool(_MEDIA.fullmatch(bare) or _NOTICE.fullmatch(bare))


READER = Reader("whatsapp", sniff, read)
