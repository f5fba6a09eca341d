#!/usr/bin/env python3
"""from_help.py TELLTALE FOLDER: man pages and shell completions, made from what the program says of itself.

telltale.1, telltale-pki.1 and telltale.toml.5, telltale.bash and _telltale (zsh)."""
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field


@dataclass
class Option:
    names: list
    value: str = ""  # what it takes, "" for none
    choices: list = field(default_factory=list)
    required: bool = False
    default: str = ""
    text: str = ""

    @property
    def names_file(self):
        return self.value in ("FILE", "TEXT:FILE") or any(n in ("--data", "--config", "--out", "--ca", "--cert", "--key", "--password-file",
                                                                "--rules", "--csv", "--svg") for n in self.names)


@dataclass
class Command:
    path: list
    text: str
    usage: str
    arguments: list
    options: list
    commands: list


ENTRY = re.compile(r"^(?:  |    )(\S.*?)(?:  +(.*))?$")  # two more in a group of options
GROUP = re.compile(r"^\s*(\[.*\]|Options:)?\s*$")


def entries(lines):
    """(left, right) of CLI11's two columns; the right one may go on in further lines."""
    found = []
    for line in lines:
        if GROUP.match(line):
            continue
        match = ENTRY.match(line)
        if match:
            found.append([match.group(1), match.group(2) or ""])
        elif line.strip() and found:
            found[-1][1] = (found[-1][1] + " " + line.strip()).strip()
    return found


def option_of(left, right):
    names, _, rest = left.partition(" ")
    option = Option(names.split(","), text=right)
    for word in re.sub(r"(Excludes|Needs): .*", "", rest).split():
        if word == "REQUIRED":
            option.required = True
        elif word == "...":
            option.value += " ..."
        elif not option.value:
            option.value, _, option.default = word.partition("=")
    if match := re.search(r":\{(.*)\}", option.value):
        option.choices = match.group(1).split(",")
        option.value = option.value[:match.start()]
    return option


def read(program, path=()):
    answer = subprocess.run([program, *path, "--help"], capture_output=True, text=True, timeout=30)
    if answer.returncode != 0:
        sys.exit(f"{' '.join(path)}: {answer.stderr}")
    sections, name = {"": []}, ""
    for line in answer.stdout.splitlines():
        if line in ("Options:", "Positionals:", "Subcommands:"):
            name = line[:-1]
            sections[name] = []
        else:
            sections[name].append(line)
    head = [line for line in sections[""] if line.strip()]
    usage = next(line for line in head if line.startswith("Usage: "))
    return Command(list(path), " ".join(line for line in head if line != usage), usage.removeprefix("Usage: "),
                   [option_of(*e) for e in entries(sections.get("Positionals", []))],
                   [option_of(*e) for e in entries(sections.get("Options", []))],
                   [read(program, (*path, left)) for left, _ in entries(sections.get("Subcommands", []))])


def all_of(command):
    yield command
    for below in command.commands:
        yield from all_of(below)


# --- man pages -------------------------------------------------------------------------------------------------------

def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def option_roff(option):
    what = ", ".join(f"\\fB{roff(n)}\\fR" for n in option.names)
    if option.value:
        what += f" \\fI{roff('|'.join(option.choices) if option.choices else option.value)}\\fR"
    text = option.text + (" [" + option.default + "]" if option.default else "") + (" (required)" if option.required else "")
    return f".TP\n{what}\n{roff(text)}\n"


FILES = """.SH FILES
.TP
.I /etc/telltale/telltale.toml
The service's configuration: \\fBtelltale.toml\\fR(5).
.TP
.I /var/lib/telltale
The data folder of the Debian package's service. \\fBapt purge telltale\\fR deletes it.
.SH ENVIRONMENT
.TP
.B TELLTALE_SECTION__KEY
Beats the key of that section in the file, such as \\fBTELLTALE_MQTT__URL\\fR. \\fBTELLTALE_MQTT__PASSWORD\\fR holds the secret itself.
.TP
.B TELLTALE_CONFIG
The configuration file where \\fB\\-\\-config\\fR is not given.
.TP
.BR NOTIFY_SOCKET ", " WATCHDOG_USEC
Of the service manager, see \\fBsd_notify\\fR(3).
.SH SIGNALS
.TP
.B SIGHUP
Read the configuration again; a bad file changes nothing.
.TP
.BR SIGTERM ", " SIGINT
Stop, within 10 seconds. Nothing that was acknowledged is lost by SIGKILL either.
.SH EXIT STATUS
.TP
.B 0
It went well.
.TP
.B 1
It failed.
.TP
.B 2
The configuration or the command line is wrong.
"""


def man(root, version):
    out = [f'.TH TELLTALE 1 "" "telltale {version}" "User commands"\n.SH NAME\ntelltale \\- {roff(root.text)}\n.SH SYNOPSIS\n']
    out.append("\\fBtelltale\\fR \\fICOMMAND\\fR [\\fIoptions\\fR]\n.SH COMMANDS\n")
    for command in all_of(root):
        if not command.path or command.commands:
            continue
        out.append(f".SS {roff('telltale ' + ' '.join(command.path))}\n{roff(command.text)}\n")
        for option in command.arguments + [o for o in command.options if "--help" not in o.names]:
            out.append(option_roff(option))
    out.append(FILES + ".SH SEE ALSO\n\\fBtelltale.toml\\fR(5), \\fBmosquitto\\fR(8), \\fBmosquitto_sub\\fR(1)\n")
    return "".join(out)


def man_toml(example, version):
    out = [f'.TH TELLTALE.TOML 5 "" "telltale {version}" "File formats"\n.SH NAME\ntelltale.toml \\- configuration of telltale(1)\n'
           ".SH DESCRIPTION\nTOML. Unknown keys are errors; \\fBtelltale check FILE\\fR names everything that is wrong.\n"
           "Every key with its default, as \\fBtelltale config example\\fR prints it:\n.PP\n.nf\n"]
    out += [roff(line) + "\n" for line in example.splitlines()]
    out.append(".fi\n.SH SEE ALSO\n\\fBtelltale\\fR(1)\n")
    return "".join(out)


def man_pki(usage, version):
    return (f'.TH TELLTALE-PKI 1 "" "telltale {version}" "User commands"\n.SH NAME\ntelltale\\-pki \\- certificates for a lab, by openssl\n.SH SYNOPSIS\n.nf\n'
            + "".join(roff(line.replace("pki.sh", "telltale-pki")) + "\n" for line in usage.splitlines())
            + ".fi\n.SH SEE ALSO\n\\fBtelltale\\fR(1), \\fBmosquitto.conf\\fR(5), \\fBopenssl\\fR(1)\n")


# --- completions -----------------------------------------------------------------------------------------------------

def bash(root):
    rows = []
    for command in all_of(root):
        path = " ".join(command.path)
        words = [c.path[-1] for c in command.commands] + [n for o in command.options for n in o.names]
        rows.append(f'    "{path}") words="{" ".join(words)}" ;;')
    values = []
    for command in all_of(root):
        for option in command.options:
            for name in option.names:
                if option.choices:
                    values.append(f'    "{" ".join(command.path)} {name}") COMPREPLY=($(compgen -W "{" ".join(option.choices)}" -- "$word")); return ;;')
                elif option.value and option.names_file:
                    values.append(f'    "{" ".join(command.path)} {name}") mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;')
                elif option.value:
                    values.append(f'    "{" ".join(command.path)} {name}") return ;;')
    paths = "|".join(f'"{" ".join(c.path)}"' for c in all_of(root) if c.path)
    rows_text, values_text = "\n".join(rows), "\n".join(values)
    return f"""# bash completion for telltale, made by deploy/from_help.py
_telltale() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} path= try words= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    try="${{path:+$path }}${{COMP_WORDS[i]}}"
    case "$try" in {paths}) path=$try ;; esac
  done
  case "$path $before" in
{values_text}
  esac
  case "$path" in
{rows_text}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ -n "${{COMPREPLY[*]}}" || "$word" == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
}}
complete -o filenames -F _telltale telltale
"""


def zsh_text(text):
    return text.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh_function(command):
    name = "_telltale" + "".join("_" + p.replace("-", "_") for p in command.path)
    lines = [f"{name}() {{"]
    specs = []
    for option in command.options:
        for n in option.names:
            spec = f"{n}[{zsh_text(option.text)}]"
            if option.choices:
                spec += f":{option.value.lower()}:({' '.join(option.choices)})"
            elif option.value:
                spec += f":{zsh_text(option.value.lower())}:" + ("_files" if option.names_file else "")
            specs.append(f"    '{spec}'")
    if command.commands:
        named = " ".join(f"'{c.path[-1]}:{zsh_text(c.text)}'" for c in command.commands)
        cases = " ".join(f"{c.path[-1]}) _telltale_{'_'.join(c.path).replace('-', '_')} ;;" for c in command.commands)
        specs += ["    '1: :->command'", "    '*:: :->rest'"]
        lines += ["  local state line", "  _arguments -C \\", " \\\n".join(specs),
                  f"  case $state in command) local all=({named}); _describe command all ;;",
                  f"    rest) case ${{line[1]}} in {cases} esac ;;", "  esac"]
    else:
        if command.arguments:
            specs.append("    '*:file:_files'")
        lines += ["  _arguments \\", " \\\n".join(specs)]
    return "\n".join(lines + ["}"]) + "\n"


def zsh(root):
    return ("#compdef telltale\n# made by deploy/from_help.py\n" + "".join(zsh_function(c) for c in all_of(root)) + '_telltale "$@"\n')


def main(program, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    run = lambda *args: subprocess.run([program, *args], capture_output=True, text=True, timeout=30, check=True).stdout  # noqa: E731
    version = run("--version").split()[0]
    root = read(program)
    (folder / "telltale.1").write_text(man(root, version))
    usage = subprocess.run([pathlib.Path(__file__).with_name("pki.sh"), "--help", "-"], capture_output=True, text=True, timeout=30).stderr
    (folder / "telltale-pki.1").write_text(man_pki(usage, version))
    (folder / "telltale.toml.5").write_text(man_toml(run("config", "example"), version))
    (folder / "telltale.bash").write_text(bash(root))
    (folder / "_telltale").write_text(zsh(root))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[0])
    main(*sys.argv[1:])
