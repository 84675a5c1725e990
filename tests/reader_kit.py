"""What the tests of the readers share: a person, and short ways to read and to look at a reading."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from ipse.raw.readers import Reading, read_bytes
from ipse.types import Person

IDA = Person("Ida Brøndum", aliases=("Ida", "ida@brondum.example"))


def take(name: str, content: str | bytes, person: Person = IDA) -> Reading:
    data = content.encode() if isinstance(content, str) else content
    return read_bytes(Path(name), data, person)


def said(reading: Reading, role: str = "self") -> list[str]:
    return [turn.text for turn in reading.turns if turn.role == role]


def days(reading: Reading) -> list[str | None]:
    return [turn.at.date().isoformat() if turn.at else None for turn in reading.turns]


def verbatim(reading: Reading, text: str) -> bool:
    return all(text[turn.start : turn.end] == turn.text for turn in reading.turns)


WHATSAPP = [
    ("13/02/2025, 13:41 - Ida: the oven is in\n14/02/2025, 09:00 - Bo: good", "2025-02-13 13:41:00"),
    ("2/13/25, 1:41 PM - Ida: the oven is in\n2/14/25, 9:00 AM - Bo: good", "2025-02-13 13:41:00"),
    ("2/13/25, 1:41\u202fPM - Ida: the oven is in\n2/14/25, 9:00\u202fAM - Bo: good", "2025-02-13 13:41:00"),
    ("13.02.25, 13:41 - Ida: the oven is in\n14.02.25, 09:00 - Bo: good", "2025-02-13 13:41:00"),
    ("[13.02.25, 13:41:07] Ida: the oven is in\n[14.02.25, 09:00:00] Bo: good", "2025-02-13 13:41:07"),
    (
        "\u200e[2/13/25, 1:41:07 PM] Ida: the oven is in\n[2/14/25, 9:00:00 AM] Bo: good",
        "2025-02-13 13:41:07",
    ),
    (
        "13/02/2025, 01:41 p. m. - Ida: the oven is in\n14/02/2025, 09:00 a. m. - Bo: good",
        "2025-02-13 13:41:00",
    ),
    ("2025-02-13, 13:41 - Ida: the oven is in\n2025-02-14, 09:00 - Bo: good", "2025-02-13 13:41:00"),
    ("\ufeff13/02/2025 13:41 - Ida: the oven is in\n14/02/2025 09:00 - Bo: good", "2025-02-13 13:41:00"),
]


def message(**fields: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "date_unixtime": "1739454060",
        "from": "Ida",
        "from_id": "user1",
        "text": "hi",
    } | fields


TELEGRAM = [
    message(text=["see ", {"type": "link", "text": "https://a.example"}, " soon"]),
    message(type="service", action="phone_call", text=""),
    message(text=[{"type": "blockquote", "text": "I eat meat"}, "I do not"]),
    message(text="not my words", forwarded_from="Bo"),
    message(text="", photo="p.jpg"),
    message(text=7),
    {"type": "message", "from": None, "date": "2025-02-13T13:41:00", "text": "gone"},
]


def node(key: str, parent: str | None, role: str, text: str) -> tuple[str, dict[str, Any]]:
    content = {"content_type": "text", "parts": [text]}
    told = {"author": {"role": role}, "create_time": 1739454060.5, "content": content}
    return key, {"id": key, "parent": parent, "message": told}


BRANCHED = dict(
    [
        node("a", None, "system", ""),
        node("b", "a", "user", "> they say cats are bad\nI like cats"),
        node("c", "b", "assistant", "You like dogs"),
        node("d", "c", "user", "No, cats"),
        node("e", "b", "assistant", "Fine"),
    ]
)


MBOX = """From bo@b.example Wed Apr 02 07:20:00 2025
From: Bo <bo@b.example>
To: Ida <ida@brondum.example>
Subject: Nets
Date: Wed, 02 Apr 2025 07:20:00 +0200

I fish.
>From the pier, mostly.

From ida@brondum.example Wed Apr 02 12:45:31 2025
From: =?utf-8?q?Ida_Br=C3=B8ndum?= <ida@brondum.example>
To: Bo <bo@b.example>
Subject: Re: Nets
Date: Wed, 02 Apr 2025 12:45:31 +0200

I sail.

> I fish.

Still?

On Wed, 2 Apr 2025 at 07:20, Bo
<bo@b.example> wrote:
> I fish.

--\x20
Ida, harbour office
"""


def docx_bytes() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("Log 2025", 0)
    document.add_heading("Jan 5", 1)
    document.add_paragraph("It froze.")
    document.add_table(1, 2).rows[0].cells[0].text = "ice"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def pdf_bytes(text: str) -> bytes:
    stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return out + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


def zipped(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return buffer.getvalue()
