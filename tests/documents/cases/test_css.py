"""Text that style sheets hide in any way is kept apart; shown text is read.

Each way was checked in Chromium: whether a picture of the page changes with the words.
"""

import pytest

from columnist.documents.reading.web.html import text_lines
from tests.documents.cases.web_pages import hidden, shown

INLINE = {
    "hex with alpha": "color:#00000000",
    "modern alpha": "color:rgb(0 0 0 / 0)",
    "alpha in per cent": "color:rgba(0,0,0,0%)",
    "hardly any alpha": "color:rgba(0,0,0,0.01)",
    "hsl": "color:hsl(0,0%,100%)",
    "hwb": "color:hwb(0 100% 0%)",
    "a colour of another space": "color:oklch(1 0 0)",
    "a rare name": "color:ghostwhite",
    "a name on its number": "background:rebeccapurple;color:#663399",
    "on a gradient": "background-image:linear-gradient(black,black)",
    "on a ground with a picture": "background:url(x) no-repeat black",
    "fill": "-webkit-text-fill-color:transparent",
    "a variable's fallback": "color:var(--nope, white)",
    "hardly opaque": "opacity:1%",
    "opacity as a power": "opacity:1e-3",
    "opacity computed": "opacity:calc(0)",
    "a filter": "filter:opacity(0)",
    "a mask": "mask:linear-gradient(transparent,transparent)",
    "blended": "mix-blend-mode:screen;color:white",
    "tiny": "font-size:0.1px",
    "tiny by its letters": "font-size:.01em",
    "tiny in font": "font:0.1px serif",
    "no size in font": "font:0/0 a",
    "size computed": "font-size:calc(1px - 1px)",
    "zoom": "zoom:0.01",
    "scaled": "transform:scale(0)",
    "scaled by a property": "scale:0",
    "by a matrix": "transform:matrix(0,0,0,0,0,0)",
    "turned away": "transform:rotateY(90deg)",
    "moved": "transform:translateX(-9999px)",
    "moved by a property": "translate:-9999px 0",
    "by its margin": "margin:0 0 0 -9999px",
    "by windows": "position:absolute;left:-200vw",
    "by a sum": "position:absolute;left:calc(0px - 9999px)",
    "by inches": "position:relative;left:-99in",
    "inset": "position:fixed;inset:-9999px auto auto -9999px",
    "indented in windows": "text-indent:-200vw",
    "cut off beside its box": "text-indent:100%;white-space:nowrap;overflow:hidden",
    "clipped": "clip-path:inset(50%)",
    "clipped to a point": "-webkit-clip-path:circle(0)",
    "a box of a pixel": "height:1px;width:1px;overflow:hidden;position:absolute",
    "cut off upwards": "height:0;overflow-y:hidden",
    "a box that scrolls": "height:0;width:0;overflow:scroll",
    "a block without size": "block-size:0;overflow:hidden",
    "contained": "contain:strict;height:0",
    "not drawn": "content-visibility:hidden",
    "behind all": "position:relative;z-index:-1",
    "a wrong one after it": "display:none;display:nonsense",
    "a wrong colour after it": "color:white;color:nonsense",
    "an important one before": "display:none!important;display:block",
    "with escapes": "d\\69splay:n\\6fne",
    "with comments": "display:/*x*/none/*;*/",
}
SHEETS = {
    "an id wins": "#x {display:none} p {display:block}",
    "a class wins": ".x {display:none} p {display:block}",
    "an important one wins": "p.x {display:none !important} .x.y {display:block}",
    "not for print": "@media not print {.x {display:none}}",
    "for wide windows": "@media all and (min-width:1px) {.x {display:none}}",
    "in a container": "body {container-type:inline-size} @container (min-width:1px) {.x {display:none}}",
    "in a scope": "@scope (body) {.x {display:none}}",
    "in a layer": "@layer a {.x {display:none}}",
    "nested": "body {.x {display:none}}",
    "nested by its sign": "body {color:black; & .x {display:none}}",
    "imported": "@import url('data:text/css,.x{display:none}');",
    "after a brace in a text": "q::before {content:'}'} .x {display:none}",
    "after other rules": "@font-face {font-family:x; src:url(x)} @keyframes a {from {top:0}} .x {display:none}",
    "not closed": ".x {display:none",
    "by a variable": ":root {--c:white} .x {color:var(--c)}",
    "by an attribute": "[data-x] {display:none}",
    "in a language": ".x:lang(en) {display:none}",
    "one of several": ":is(b, .x) {display:none}",
    "replaced": ".x {content:url(data:,)}",
}
SHOWN = {
    "a hanging indent": "margin-left:-36pt;text-indent:36pt",
    "a superscript": "position:relative;top:-5pt",
    "small print": "font-size:6pt",
    "relative size": "font-size:62.5%",
    "size by the window": "font-size:clamp(1rem, 2vw, 3rem)",
    "rotated": "transform:rotate(-90deg)",
    "moved a little": "transform:translate(-10px, 2px) scale(.9)",
    "half opaque": "opacity:.5",
    "grey": "color:#767676",
    "a shadow": "filter:drop-shadow(0 0 1px black)",
    "a box that scrolls": "height:300px;overflow:auto",
    "white on a dark gradient": "background:linear-gradient(#000, #000);color:#fff",
    "white on a dark ground of another notation": "background:rgb(10 20 30);color:hsl(0 0% 100%)",
    "a wrong value": "display:nonsense;color:nonsense",
    "none taken back": "display:none;display:block",
    "a variable": "color:var(--nope, black)",
    "left of a static box": "left:-9999px",
}


@pytest.mark.parametrize("way", INLINE)
def test_what_a_style_hides_is_kept_apart(way: str) -> None:
    html = f"<p>Seen.</p><p style='{INLINE[way]}'>SECRET</p>"
    assert (shown(html), hidden(html)) == (["Seen."], ["SECRET"])


@pytest.mark.parametrize("way", SHEETS)
def test_what_a_style_sheet_hides_is_kept_apart(way: str) -> None:
    html = f"<style>{SHEETS[way]}</style><p>Seen.</p><p id=x class='x y' lang=en data-x>SECRET</p>"
    assert (shown(html), hidden(html)) == (["Seen."], ["SECRET"])


@pytest.mark.parametrize("way", SHOWN)
def test_what_a_style_shows_is_read(way: str) -> None:
    html = f"<p>Seen.</p><p style='{SHOWN[way]}'>Seen, too.</p>"
    assert "".join(hidden(html)) == "" and "Seen, too." in " ".join(shown(html))


@pytest.mark.parametrize(
    "html",
    [
        "<svg><text y=20 fill=white>SECRET</text></svg>",
        "<svg><text y=20 opacity=0>SECRET</text></svg>",
        "<div popover>SECRET</div>",
        "<div style='opacity:.1'><div style='opacity:.1'>SECRET</div></div>",
        "<div style='font-size:0'><p style='font-size:2em'>SECRET</div>",
        "<style>html {background:#000}</style><div>SECRET</div><b style='color:#fff'>Seen.</b>",
        "<div><template shadowrootmode=open>Shadow</template>SECRET</div>",
    ],
)
def test_what_an_element_hides_is_kept_apart(html: str) -> None:
    assert hidden(html)[-1:] == ["SECRET"] and "SECRET" not in "".join(shown(html))


def test_words_that_a_sheet_puts_in_front_and_hides_are_not_read() -> None:
    for how in ("display:none", "color:white", "visibility:hidden", "font-size:0"):
        assert shown(f"<style>p::before {{content:'SECRET '; {how}}}</style><p>Seen.") == ["Seen."]


def test_a_sheet_of_more_rules_than_are_applied_is_said_on_the_row() -> None:
    for sheet in ("p {color:black}" * 5_001, "p > b {color:black}" * 501):
        (remark,) = text_lines(f"<style>{sheet}</style><p>Seen.").remarks
        assert "style sheets" in remark.detail
