"""Always the same work, in six functions; the first argument says how much more of it `middle` has: 1.2 is a fifth more."""
import sys

MORE = float(sys.argv[1])
ROUNDS = int(sys.argv[2])


def compute(size):
    total = 0
    for number in range(size):
        total += number * number % 7
    return total


def parse():
    total = 0
    for number in range(9000):
        total += number % 5
    return total


def middle():
    total = 0
    for number in range(int(12000 * MORE)):
        total += number & 3
    return total


def sort():
    values = [number * 7919 % 1009 for number in range(4000)]
    values.sort()
    return values


def join():
    text = []
    for number in range(5000):
        text.append(str(number))
    return "".join(text)


def main():
    for _ in range(ROUNDS):
        parse()
        middle()
        sort()
        join()
        compute(4000)


print("ready", flush=True)
main()
