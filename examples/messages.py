"""Summarises a stream of chat messages, more slowly than it has to.

Every message is parsed, checked against a filter, dropped if it repeats one of the last few hundred, and
counted. One of these steps takes most of the time, and it is not the one that looks expensive. To find it:

    pyspy record --output profile.svg -- python examples/messages.py

Runs for about eight seconds, or as long as `--seconds` says. Python 3.8 and newer; nothing to install.
"""

import argparse
import collections
import json
import random
import re
import time

SENDERS = ["ada", "brian", "chen", "dmitri", "erika", "fatima", "grace", "hiro"]
WORDS = (
    "deploy review build green red flaky test merge rebase branch release coffee lunch meeting later "
    "today question answer profile sample stack thread memory cache index query slow fast fixed thanks"
).split()
UNWANTED = re.compile(r"\b(?:lottery|winner|free\s+money|click\s+here)\b", re.IGNORECASE)
WORD = re.compile(r"[a-z]+")
REMEMBERED = 500


def receive(seconds, randomness):
    """Yields messages as they would come over a wire, until the time is over."""
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        number += 1
        text = " ".join(randomness.choices(WORDS, k=12))
        if number % 20 == 0:
            text += ", click here"
        message = {"id": number, "from": SENDERS[number % len(SENDERS)], "text": text}
        line = json.dumps(message)
        yield line
        if number % 10 == 1:
            yield line  # networks deliver some messages twice


def parse(line):
    """Turns a line into a message."""
    message = json.loads(line)
    message["words"] = WORD.findall(message["text"].lower())
    return message


def is_wanted(message):
    """Tells whether a message passes the filter."""
    return UNWANTED.search(message["text"]) is None


def is_repeated(message, recent):
    """Tells whether a message came before."""
    for other in recent:
        if other["id"] == message["id"]:
            return True
    return False


def remember(message, recent):
    """Keeps a message for comparison with those that follow."""
    recent.append(message)


def count(message, summary):
    """Adds a message to the summary."""
    summary["messages"][message["from"]] += 1
    summary["words"].update(message["words"])
    longest = max(message["words"], key=len)
    summary["longest"][longest] += 1


def summarise(lines):
    """Reads all lines and returns the summary."""
    summary = collections.defaultdict(collections.Counter)
    recent = collections.deque(maxlen=REMEMBERED)
    for line in lines:
        message = parse(line)
        if not is_wanted(message):
            summary["dropped"]["unwanted"] += 1
        elif is_repeated(message, recent):
            summary["dropped"]["repeated"] += 1
        else:
            remember(message, recent)
            count(message, summary)
    return summary


def show(summary):
    """Prints the summary."""
    total = sum(summary["messages"].values())
    sender, sent = summary["messages"].most_common(1)[0]
    dropped = summary["dropped"]
    print(f"{total:,} messages, {dropped['repeated']:,} repeated, {dropped['unwanted']:,} unwanted")
    print(f"most messages: {sender} ({sent:,})")
    print("most words: " + ", ".join(word for word, _ in summary["words"].most_common(5)))


def main():
    parser = argparse.ArgumentParser(description="Summarises a stream of chat messages.")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long to run (default: %(default)s)")
    arguments = parser.parse_args()
    show(summarise(receive(arguments.seconds, random.Random(7))))


if __name__ == "__main__":
    main()
