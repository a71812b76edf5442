"""Makes terminal.svg: what a terminal really shows of the first commands of the README.

    python docs/pictures/terminal.py

The commands are typed into tmux, which has to be there, in a new folder with a copy of
examples/bookshop; the folder is shown as /home/you. The picture loads no font and no script.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
WIDTH, HEIGHT = 100, 60
SHOWN_AS = "/home/you"
COMMANDS = (
    "template-create --name bookshop --path examples/bookshop --output packages/bookshop",
    'template-create render packages/bookshop new --set entity="gift card" --only api',
    "sed -n '/patch/,/return/p' new/src/bookshop/routers/gift_cards.py",
)
THEME = TerminalTheme(
    background=(22, 24, 29),
    foreground=(222, 224, 229),
    normal=[
        *((22, 24, 29), (240, 110, 100), (125, 200, 130), (220, 190, 110)),
        *((120, 170, 240), (200, 150, 230), (110, 200, 210), (222, 224, 229)),
    ],
)
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>template-create turns a codebase into a package, and the package into new code</title>
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>
<g transform="translate({terminal_x}, {terminal_y})"></g>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def typed(folder: Path) -> str:
    """What the terminal shows after the commands, with its escape sequences."""
    socket = f"picture-{os.getpid()}"

    def tmux(*arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", socket, *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    env = {
        "HOME": str(folder),
        "HISTFILE": "/dev/null",
        "TERM": "screen-256color",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PS1": r"\[\e[32m\]$\[\e[0m\] ",
    }
    shell = ["env", *(f"{name}={value}" for name, value in env.items())]
    tmux("new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), "-c", str(folder),
         "-s", "picture", *shell, "bash", "--norc", "--noprofile")  # fmt: skip

    def prompts(number: int) -> None:
        """Waits until so many prompts stand there: then the shell reads keys."""
        for _ in range(600):
            lines = tmux("capture-pane", "-p", "-t", "picture").rstrip().splitlines()
            if sum(line.startswith("$") for line in lines) == number and lines[-1] == "$":
                return
            time.sleep(0.05)
        raise SystemExit("the terminal shows no prompt")

    try:
        for number, command in enumerate(COMMANDS, 1):
            prompts(number)
            tmux("send-keys", "-t", "picture", "-l", command)
            tmux("send-keys", "-t", "picture", "Enter")
        prompts(len(COMMANDS) + 1)
        return tmux("capture-pane", "-e", "-p", "-t", "picture")
    finally:
        tmux("kill-server")


def picture(shown: str) -> str:
    """The SVG of a terminal that shows ``shown``."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown), overflow="ignore", no_wrap=True)
    return console.export_svg(
        title="template-create", theme=THEME, code_format=SVG, unique_id="terminal"
    )


def main() -> None:
    """Type the commands and write the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        listed = subprocess.run(
            ["git", "ls-files", "-z", "examples/bookshop"],
            cwd=CHECKOUT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for path in filter(None, listed.stdout.split("\0")):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / path, folder / path)
        lines = typed(folder).replace(str(folder), SHOWN_AS).rstrip().splitlines()
    shown = "\n".join([*lines[:-1], " "])  # the last is the prompt that waits
    (HERE / "terminal.svg").write_text(picture(shown), encoding="utf-8")


if __name__ == "__main__":
    main()
