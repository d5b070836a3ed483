"""What stands hidden above a text, as newsletters hide their preheader; and nothing else."""

from __future__ import annotations

import pytest

from aggregator.normalize.cleaning import clean

TEXT = "The ferry sails again after the storm, the harbour master said."
SAID = f"<p>{TEXT}</p>"
NONE = 'style="display:none"'
# body, whether "in brief" is still read
CASES = {
    "none": (f"<div {NONE}>In brief</div>{SAID}", False),
    "none among others": (
        f'<div style="color:#333; Display : NONE !important;max-height:0">In brief &zwnj;&nbsp;</div>{SAID}',
        False,
    ),
    "in others": (f'<div style="margin:0"><div><span {NONE}>In brief</span></div>{SAID}</div>', False),
    "by its attribute": (f"<p hidden>In brief</p>{SAID}", False),
    "below an image": (f'<img src="https://a.example/a.png" alt="">\n<p {NONE}>In brief</p>{SAID}', False),
    "shown": (f'<div style="display:block">In brief</div>{SAID}', True),
    "shown by another name": (f'<div data-display="none" class="hidden-not">In brief</div>{SAID}', True),
    "hidden from some": (f'<div aria-hidden="true">In brief</div>{SAID}', True),
    "below text": (f"{SAID}<div {NONE}>In brief</div>", True),
    "between text": (f"{SAID}<div {NONE}>In brief</div><p>More.</p>", True),
    "all there is": (f"<div {NONE}>In brief</div>", True),
    "long": (f"<div {NONE}><p>In brief</p>{SAID * 30}</div><p>More.</p>", True),
    "said of it": (f"<p>display: none hides</p><p>In brief</p>{SAID}", True),
}  # fmt: skip


@pytest.mark.parametrize(("body", "read"), CASES.values(), ids=CASES)
def test_what_is_hidden_above_all_text(body, read):
    made = clean("Ferry", "", body, base="https://a.example/")
    assert ("In brief" in made.text) is read
    assert (TEXT in made.text) is (TEXT in body)


def test_a_hidden_image_stays():
    image = f'<img src="https://a.example/a.png" alt="Ferry" {NONE}>'
    for body in (image, f"<div {NONE}>{image}</div>"):
        made = clean("Ferry", "", f"{body}{SAID}", base="https://a.example/")
        assert made.image == "https://a.example/a.png"
