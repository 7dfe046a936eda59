"""Values of a DOCX's content controls that Word takes, when it opens the file, from another part of it."""

import re
from functools import cached_property
from typing import Any

import lxml.etree

from columnist.documents.reading.office.package import Package
from columnist.documents.reading.office.styles import W
from columnist.documents.reading.symbols import CHECKED, UNCHECKED

_DATA = "{http://schemas.openxmlformats.org/officeDocument/2006/customXml}"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_PROPERTIES = {
    "core-properties": "{6C3C8BC8-F283-45AE-878A-BAB7291924A1}",
    "extended-properties": "{6668398D-A668-4E3E-A5EB-62B293D839F1}",
}
"""The names under which controls refer to the properties of the file."""
_PATH = re.compile(r"(?:/{1,2}[^\W\d][\w:.-]{0,100}(?:\[[0-9]{1,5}\])?){1,20}(?:/@[^\W\d][\w:.-]{0,100})?")
_PREFIX = re.compile(r"xmlns:([\w.-]{1,100})=[\"']([^\"']{1,500})[\"']")


class Stores:
    """The parts of one file that hold values of its controls."""

    def __init__(self, package: Package, main: str) -> None:
        self._package = package
        self._main = main

    def fill(self, root: Any) -> None:
        """Write the values into the controls of a part, as Word does."""
        for binding in root.iter(f"{W}dataBinding"):
            control = next(binding.iterancestors(f"{W}sdt"), None)
            said = None if control is None else self._value(binding)
            texts = [] if control is None else list(control.iter(f"{W}t"))
            if said and texts and (shown := _as_shown(binding.getparent(), said, texts)) is not None:
                texts[0].text = shown
                for one in texts[1:]:
                    one.text = ""

    @cached_property
    def _roots(self) -> dict[str, Any]:
        package = self._package
        named = {_PROPERTIES[kind]: part for kind, part in package.relations("").values() if kind in _PROPERTIES}
        for kind, part in package.relations(self._main).values():
            about = next((one for what, one in package.relations(part).values() if what == "customXmlProps"), None)
            properties = None if kind != "customXml" or about is None else package.part(about)
            if properties is not None:
                named[properties.get(f"{_DATA}itemID", "").upper()] = part
        return {name: root for name, part in named.items() if (root := package.part(part)) is not None}

    def _value(self, binding: Any) -> str | None:
        """The value that a control is bound to; None if the file has none."""
        root = self._roots.get(binding.get(f"{W}storeItemID", "").upper())
        path = binding.get(f"{W}xpath", "")
        if root is None or not _PATH.fullmatch(path):
            return None
        try:
            found = root.xpath(path, namespaces=dict(_PREFIX.findall(binding.get(f"{W}prefixMappings", ""))))
        except lxml.etree.XPathError:
            return None
        return next((one if isinstance(one, str) else "".join(one.itertext()) for one in found), None)


def _as_shown(properties: Any, said: str, texts: list[Any]) -> str | None:
    """A control's text for a value; None if the control has it already, or shows more than text."""
    if properties.find(f"{_W14}checkbox") is not None:
        return CHECKED if said in ("1", "true") else UNCHECKED
    shown = " ".join("".join(one.text or "" for one in texts).split())
    date = properties.find(f"{W}date")
    if date is not None:
        own = date.get(f"{W}fullDate", "")[:10]
        return said[:10] if own and said[:10] not in (own, shown) else None
    for one in properties.iterfind(f"{W}*/{W}listItem"):
        if one.get(f"{W}value") == said:
            said = one.get(f"{W}displayText") or said
    is_plain = any(properties.find(f"{W}{kind}") is not None for kind in ("text", "dropDownList", "comboBox"))
    return said if is_plain and " ".join(said.split()) != shown else None
