"""Manim's own flags on a ``%%kodisc`` line: one answer for all of them, and none that costs."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from kodisc_jupyter.notebook.line.values import OptionError

MANIM_QUALITIES: Final = {"l": "low", "m": "medium", "h": "high", "p": "twok", "k": "fourk"}
"""Manim's own letters: ``-ql -qm -qh -qp -qk``."""

_MP4: Final = "the output is an MP4 video"
_SIZE: Final = "the size follows from -q and -a"
_NO_FILES: Final = "the video is kept automatically; --save PATH saves it as a file"
_NOT_NEEDED: Final = "not needed here"

ANSWERS: Final[dict[tuple[str, ...], str]] = {
    ("-p", "--preview"): "the video appears under the cell",
    ("-l", "--live-preview"): "the panel shows how far the render is",
    ("-f", "--show_in_file_browser"): _NO_FILES,
    ("-s", "--save_last_frame"): "--still shows the last frame as a picture",
    ("-i", "--save_as_gif"): _MP4,
    ("-g", "--save_pngs"): _MP4,
    ("--format", "--write_to_movie", "--video-codec", "--pixel-format"): _MP4,
    ("--encoder-option", "--max-inflight-encoders", "--encoder-queue-size"): _MP4,
    ("-t", "--transparent"): f"{_MP4}, which has no transparency",
    ("--save_sections",): f"{_MP4}, in one piece",
    ("-r", "--resolution"): _SIZE,
    ("--frame_rate",): "write --fps N",
    ("-n", "--from_animation_number"): "the whole scene is rendered",
    ("--write_all",): "name the scenes",
    ("-c", "--config_file", "--custom_folders"): "what is sent is the cell alone; set config in it",
    ("--tex_template",): "set config.tex_template in the cell",
    ("--seed",): "seed Python's and NumPy's random numbers in the cell",
    ("-o", "--output_file", "--media_dir", "-0", "--zero_pad"): _NO_FILES,
    ("--renderer", "--enable_gui", "--gui_location", "--fullscreen"): "there is one renderer",
    ("--force_window", "--enable_wireframe"): "there is no window",
    ("--use_projection_fill_shaders", "--use_projection_stroke_shaders"): "there is one renderer",
    ("--dry_run",): "--check looks for mistakes and sends nothing",
    ("-v", "--verbosity", "--log_dir", "--log_to_file"): "errors are shown at the cell",
    ("--progress_bar",): "the panel shows the progress",
    ("--disable_caching", "--flush_cache", "--no_latex_cleanup"): _NOT_NEEDED,
    ("--notify_outdated_version", "--silent", "--jupyter", "--preview_command"): _NOT_NEEDED,
}
"""What to do instead of each of Manim's flags that ``%%kodisc`` does not have."""

_ANSWER_OF: Final = {flag: text for flags, text in ANSWERS.items() for flag in flags}
_SHORT: Final = "".join(flag[1] for flag in _ANSWER_OF if len(flag) == 2)
_CLUSTER: Final = rf"-(?=[a-z0-9]{{2}})((?:[{_SHORT}]|q[lmhpk])+)"


def refuse_manim_flags(words: Sequence[str], known: Collection[str]) -> None:
    """Answer all of Manim's flags on a line at once.

    Raises:
        OptionError: there is one that ``known`` words do not cover.
    """
    refused: dict[str, None] = {}
    instead: list[str] = []
    first = ""
    for word in words:
        flags, quality = _flags(word)
        flags = [flag for flag in flags if flag not in known]
        if flags:
            first = first or word.partition("=")[0]
            refused.update(dict.fromkeys(flags))
            instead += quality
    if not refused:
        return
    many = len(refused) > 1
    reasons: dict[str, list[str]] = {}
    for flag in refused:
        reasons.setdefault(_ANSWER_OF[flag], []).append(flag)
    answers = "; ".join(f"{', '.join(flags)}: {text}" for text, flags in reasons.items())
    rest = f" Write {' '.join(instead)} alone." if instead else ""
    raise OptionError(
        f"Manim's {', '.join(refused)} {'are no options' if many else 'is no option'} of %%kodisc.",
        f"Leave {'them' if many else 'it'} out. {answers}.{rest}",
        first,
    )


def _flags(word: str) -> tuple[list[str], list[str]]:
    """The flags of Manim that a word is: alone, with a value, or several letters in one.

    Beside them the quality that is written in the same word: ``-pqh`` is ``-p`` and ``-qh``.
    """
    name = word.partition("=")[0]
    if name in _ANSWER_OF:
        return [name], []
    cluster = re.fullmatch(_CLUSTER, word)
    if cluster is None:
        return [], []
    parts = re.findall(r"q[lmhpk]|.", cluster[1])
    flags = [f"-{part}" for part in parts if len(part) == 1]
    return flags, [f"-{part}" for part in parts if len(part) == 2]
