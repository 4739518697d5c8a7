"""The compact text of a plan, read as it is written.

1. search("Everest")                      LLMCompiler's form, positional
2. search(entity="K2", limit=3)           with names
3. each $2.items: fetch(url=$item.url)    once per element of a list
4. if $1.ok == true: notify(to="me") after $3 on failure skip
answer = $3                               or join(): a joiner reads the results
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from tts.planner.language.plan import BARE, BRACED, Call, Condition, Policy, reference_of
from tts.planner.language.statements import Answer, Drop, Fault, Statement
from tts.planner.language.text_lines import (
    ANSWER,
    HEAD,
    JOIN,
    LEAD,
    NAME,
    NUMBER,
    Scan,
    UnreadLines,
    scanned,
)
from tts.planner.language.text_values import Cursor, TextError
from tts.planner.language.typography import straight

_POLICIES: dict[str, Policy] = {
    "fail": "fail",
    "skip": "skip",
    "replan": "replan",
    "use": "substitute",
}
_JOINS = ("join", "finish")
_POLICY = re.compile(r"on[ \t]+failure[ \t]+(skip|fail|replan|use\b)")


class TextReader:
    """Reads statements line by line. A line that starts none is a thought and is left out, unless
    it looks like what is left of a statement: then the end of the text tells it as a fault."""

    def __init__(self, *, bare: bool = False) -> None:
        """`bare`: LLMCompiler's dialect, in which `"$1 + 2"` inserts the result."""
        self.bare = bare
        self._buffer, self._open = "", ""
        self._scan, self._line, self._start = Scan(), 0, 0
        self._seen: set[int] = set()
        self._unread = UnreadLines()
        self._hurried = False

    def feed(self, text: str) -> list[Statement]:
        """What the text seals: a statement is sealed by the end of its last line."""
        found: list[Statement] = []
        *lines, self._buffer = (self._buffer + text).split("\n")
        for line in lines:
            found += self._take(line)
        return found

    def end(self) -> list[Statement]:
        """What is sealed by the end of the text; an open statement is read as far as it goes."""
        last, self._buffer = self._buffer, ""
        found = self._take(last) if last.strip() else []
        while self._open:
            found += self._given_up()
        lost = self._unread.faults(self._line, self._is_call)
        return [*found, *(Statement(fault, fault.line) for fault in lost)]

    def _take(self, line: str) -> list[Statement]:
        self._line += 1
        line = straight(line.removesuffix("\r"), self._scan.quote if self._open else "")
        if self._open:
            if (self._scan.quote and not self._hurried) or not HEAD.match(line):
                self._open += "\n" + line
                self._scan = scanned(line + "\n", self._scan)
                return self._sealed() if self._scan.closed else []
            return [*self._sealed(), *self._started(line)]
        return self._started(line)

    def _started(self, line: str) -> list[Statement]:
        head = HEAD.match(line)
        if head is None:
            self._unread.left(self._line, line)
            return []
        number = head["n"] or head["m"]
        self._unread.statement(int(number or 0))
        self._open, self._start = line, self._line
        begin = head.end() if number else head.end("before") if head["before"] else 0
        self._scan = scanned(line[begin:] + "\n", Scan())
        return self._sealed() if self._scan.closed else []

    def _sealed(self) -> list[Statement]:
        text, self._open = self._open, ""
        return self._known(read_statements(text, self._start, bare=self.bare))

    def _known(self, found: list[Statement]) -> list[Statement]:
        """Without the dollars that are followed by the number of no earlier call."""
        kept = []
        for one in found:
            fault = one.item
            if isinstance(fault, Fault) and fault.kind == "ambiguous dollar":
                if not fault.got.isdigit() or int(fault.got) in self._seen:
                    kept.append(one)
                continue
            if isinstance(fault, Call):
                self._seen.add(fault.id)
            kept.append(one)
        return kept

    def _given_up(self) -> list[Statement]:
        """The text ended inside a statement: its first line is a fault, the others are read, each
        line with a number for itself."""
        first, *others = self._open.split("\n")
        self._open, last = "", self._line
        found = self._known(read_statements(first, self._start, bare=self.bare))
        self._line, self._hurried = self._start, True
        for line in others:
            found += self._take(line)
        self._line = last
        return found

    def _is_call(self, text: str) -> bool:
        found = read_statements(f"1. {text}", 1, bare=self.bare)
        return len(found) == 1 and isinstance(found[0].item, Call)


def read_statements(text: str, line: int, *, bare: bool = False) -> list[Statement]:
    """The statements of one sealed piece of text: mostly one."""
    found: list[Statement] = []
    while True:
        cursor = Cursor(text, bare=bare)
        try:
            statement = _statement(cursor)
            found += _dollars(cursor, statement, line)
            found.append(Statement(statement, line))
        except TextError as error:
            number = re.match(rf"{LEAD}{NUMBER}", text)
            got = text[error.place :].split("\n")[0][:40] or "the end"
            found.append(Statement(_syntax(error, line, number, got, text), line))
            return found
        rest = cursor.rest.strip().strip("`*;.,|").strip()
        if not rest or rest.startswith("<END_OF_PLAN>"):
            return found
        if not HEAD.match(rest):
            extra = TextError("nothing more after the call", cursor.place)
            number = re.match(rf"{LEAD}{NUMBER}", text)
            found[-1] = Statement(_syntax(extra, line, number, rest[:40], text), line)
            return found
        text = rest


def _dollars(cursor: Cursor, statement: Call | Answer | Drop, line: int) -> list[Statement]:
    """Faults of bare dollars inside strings: text, or meant as references?"""
    call = statement if isinstance(statement, Call) else None
    return [
        Statement(
            Fault(
                kind="ambiguous dollar",
                message=f"${number} inside a string",
                line=line,
                call=call.id if call else 0,
                tool=call.tool if call else "",
                expected=f"${{{number}}} for the result, $${number} for the text",
                got=number,
            ),
            line,
        )
        for number in dict.fromkeys(cursor.dollars)
    ]


def _syntax(
    error: TextError, line: int, number: re.Match[str] | None, got: str, text: str
) -> Fault:
    call = int(number["n"] or number["m"]) if number else 0
    name = re.search(rf"({NAME})[ \t]*\(", text)
    return Fault(
        kind="syntax",
        message="the statement cannot be read",
        line=line,
        call=call,
        tool=name[1] if name else "",
        expected=error.expected,
        got=repr(got),
    )


def _statement(cursor: Cursor) -> Call | Answer | Drop:
    cursor.take(LEAD)
    if cursor.take(r"drop[ \t]+\$?"):
        return Drop(int(cursor.need(r"\d+", "the number of a call")[0]))
    number = cursor.take(NUMBER)
    if cursor.take(ANSWER):
        return Answer(cursor.value())
    if number is None and cursor.take(r"answer[ \t]*\("):
        value = cursor.value()
        cursor.need(r"\)", "')'")
        return Answer(value)
    if cursor.take(JOIN):
        return Answer(joined=True)
    if number is None:
        raise TextError("the number of a call", cursor.place)
    return _numbered(cursor, int(number["n"] or number["m"]))


def _numbered(cursor: Cursor, number: int) -> Call | Answer:
    when, each = None, None
    if word := cursor.take(r"(?:if|unless)\b"):
        when = _condition(cursor, negated=word[0] == "unless")
        cursor.need(":", "':' after the condition")
    if cursor.take(r"each\b"):
        match = cursor.need(f"{BRACED.pattern}|{BARE.pattern}", "$id of a list")
        each = reference_of(BRACED.fullmatch(match[0]) or BARE.fullmatch(match[0]))  # type: ignore[arg-type]
        cursor.need(":", "':' after the list")
    cursor.take(r"[`*]+")
    name = cursor.need(NAME, "the name of a tool")[0]
    cursor.need(r"[`*]*[ \t]*\(", "'('")
    positional, named = _arguments(cursor)
    if name in _JOINS and not positional and not named:
        return Answer(joined=True)
    call = Call(id=number, tool=name, arguments=named, positional=positional, when=when, each=each)
    return _modified(cursor, call)


def _arguments(cursor: Cursor) -> tuple[tuple[object, ...], dict[str, object]]:
    positional: list[object] = []
    named: dict[str, object] = {}
    while not cursor.take(r"\)"):
        name = cursor.take(r"([A-Za-z_]\w*)[ \t]*=(?!=)")
        if name is None:
            if named:
                raise TextError("name=value after the first named argument", cursor.place)
            positional.append(cursor.value())
        elif name[1] in named:
            raise TextError(f"each argument once, not {name[1]} twice", name.start())
        else:
            named[name[1]] = cursor.value()
        if not cursor.take(","):
            cursor.need(r"\)", "',' or ')'")
            break
    return tuple(positional), named


def _condition(cursor: Cursor, *, negated: bool) -> Condition:
    left = cursor.value()
    sign = cursor.take(r"==|!=|<=|>=|<|>|in\b")
    if sign is None:
        return Condition(left, negated=negated)
    return Condition(left, sign[0], cursor.value(), negated)  # type: ignore[arg-type]


def _modified(cursor: Cursor, call: Call) -> Call:
    """The call with what follows its closing bracket."""
    if cursor.take(r"after\b"):
        after = [int(cursor.need(r"\$?(\d+)", "$id")[1])]
        while cursor.take(","):
            after.append(int(cursor.need(r"\$?(\d+)", "$id")[1]))
        call = replace(call, after=tuple(after))
    if found := cursor.take(_POLICY):
        policy = _POLICIES[found[1]]
        value = cursor.value() if found[1] == "use" else None
        call = replace(call, on_failure=policy, substitute=value)
    return call
