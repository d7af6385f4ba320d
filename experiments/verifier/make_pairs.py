#!/usr/bin/env python3
"""Writes pairs of a response and a reference answer whose equality is known by construction.

Usage: make_pairs.py FILE [COUNT_PER_CATEGORY]

Each line of FILE has "id", "category", "response", "answer" and "reward" (1 if the response is right).
The pairs are the same on every machine. Each category has right and wrong pairs in equal parts; the
wrong ones are near misses.
"""
import json
import random
import sys
from fractions import Fraction
from math import gcd

SENTENCES = [
    r"So the result is \boxed{%s}.", r"We get $\boxed{%s}$", r"Therefore, \(\boxed{%s}\).",
    "Adding up.\n\n" r"\boxed{%s}", r"\[\boxed{%s}\]",
]
UNITS = [("cm", "centimeters"), ("kg", "kilograms"), ("ft", "feet"), ("km", "kilometers"), ("hours", "h"),
         ("minutes", "min"), ("inches", "in")]
QUOTIENTS = [(r"\text{ m/s}", r"\text{ meters per second}", r"\text{ km/h}"),
             (r"\text{ km/h}", r"\text{ km per hour}", r"\text{ m/s}"),
             (r"\text{ miles per hour}", r"\text{ mph}", r"\text{ km/h}"),
             (r"\text{ m/s}^2", r"\text{ m s}^{-2}", r"\text{ m/s}"),
             (r"\text{ kg}\cdot\text{m/s}^2", r"\text{ kg·m/s}^2", r"\text{ kg}\cdot\text{m/s}"),
             (r"\text{ N/m}^2", r"\ \frac{\text{N}}{\text{m}^2}", r"\text{ N/m}"),
             (r"\text{ g/cm}^3", r"\text{ grams per cubic centimeter}", r"\text{ g/cm}^2"),
             (r"\text{ miles per gallon}", r"\text{ mpg}", r"\text{ miles per hour}"),
             (r"\text{ mol/L}", r"\text{ mol}\cdot\text{L}^{-1}", r"\text{ mol}"),
             (r"\text{ J/(kg K)}", r"\text{ J/(kg}\cdot\text{K)}", r"\text{ J/kg}")]
TEXTS = ["Wednesday", "Paris", "isosceles", "ellipse", "odd", "blue", "Tuesday", "hyperbola", "triangle",
         "Venus", "even", "parabola", "London", "octagon"]
VULGAR = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅗": (3, 5),
          "⅛": (1, 8), "⅝": (5, 8), "⅞": (7, 8)}
PRIMES = [2, 3, 5, 7, 11, 13]


def latex(f):
    f = Fraction(f)
    if f.denominator == 1:
        return str(f.numerator)
    return r"%s\frac{%d}{%d}" % ("-" if f < 0 else "", abs(f.numerator), f.denominator)


def plain(f):
    f = Fraction(f)
    return str(f.numerator) if f.denominator == 1 else "%d/%d" % (f.numerator, f.denominator)


def comma(n):
    return format(n, ",")


def fraction(r):
    d = r.randint(3, 15)
    n = r.choice([k for k in range(1, 3 * d) if gcd(k, d) == 1])
    return Fraction(n, d)


# Each function returns an answer, a reference and whether they are equal. `right` asks for the latter.


def integers(r, right):
    n = r.choice([-1, 1]) * r.randint(2, 9999)
    forms = [str(n), "%d.0" % n, "%d." % n, "+%d" % n if n > 0 else "−%d" % -n, "{%d}" % n, r"\text{%d}" % n]
    if right:
        return r.choice(forms), str(n)
    return str(r.choice([-n, n + 1, n * 10, n - 1])), str(n)


def decimals(r, right):
    hundredths = r.choice([k for k in range(11, 999) if k % 10])
    text = "%.2f" % (hundredths / 100)
    f = Fraction(hundredths, 100)
    if right:
        return r.choice([text, text + "0", text.lstrip("0"), latex(f), plain(f)]), text
    wrong = [hundredths + 1, hundredths * 10, hundredths + 10]
    return r.choice(["%.2f" % (r.choice(wrong) / 100), "%.1f" % (hundredths / 100), text + "1"]), text


def thousands(r, right):
    n = r.randint(1000, 99_999_999)
    forms = [comma(n), comma(n).replace(",", "{,}"), comma(n).replace(",", r",\!"), comma(n).replace(",", r"\,"),
             comma(n).replace(",", " "), str(n)]
    if n >= 1_000_000:
        forms.append(comma(n).replace(",", "{,}", 1))
    if right:
        return r.choice(forms), r.choice([str(n), comma(n)])
    other = r.choice([n + 1000, n * 1000, n // 1000])
    return r.choice([comma(other), comma(n)[:-1], str(other)]), str(n)


def fractions(r, right):
    f = fraction(r) * r.choice([1, 1, -1])
    k = r.randint(2, 4)
    sign = "-" if f < 0 else ""
    n, d = abs(f.numerator), f.denominator
    forms = [r"%s\frac{%d}{%d}" % (sign, n, d), r"%s\dfrac{%d}{%d}" % (sign, n * k, d * k), plain(f),
             r"%s\frac{%s%d}{%d}" % ("", sign, n, d), r"%s{%d \over %d}" % (sign, n, d),
             r"%s\tfrac{%d}{%d}" % (sign, n, d), r"%s\sfrac{%d}{%d}" % (sign, n, d), "%s%d ÷ %d" % (sign, n, d)]
    if right:
        return r.choice(forms), latex(f)
    wrong = [1 / f, -f, f + 1, Fraction(f.numerator, f.denominator + 1), Fraction(f.numerator + 1, f.denominator)]
    rounded = "%.3f" % float(f)
    near = [latex(r.choice([w for w in wrong if w != f]))] + ([rounded] if Fraction(rounded) != f else [])
    return r.choice(near), latex(f)


def mixed(r, right):
    if r.random() < 0.3:
        sign, (n, d) = r.choice(list(VULGAR.items()))
        whole = r.randint(0, 9)
        f = whole + Fraction(n, d)
        text = "%s%s" % (whole or "", sign)
    else:
        d = r.randint(2, 9)
        n = r.choice([k for k in range(1, d) if gcd(k, d) == 1])
        whole = r.randint(1, 12)
        f = whole + Fraction(n, d)
        text = r.choice([r"%d\frac{%d}{%d}", "%d %d/%d", r"%d\tfrac{%d}{%d}", r"%d \frac{%d}{%d}"]) % (whole, n, d)
    if right:
        return text, r.choice([latex(f), plain(f)])
    wrong = [w for w in [whole * Fraction(n, d), f + 1, whole + Fraction(d, n), Fraction(whole * 10 + n, d)] if w != f]
    return text, latex(r.choice(wrong))


def percent(r, right):
    n = r.randint(1, 99)
    forms = [r"%d\%%" % n, "%d%%" % n, r"%d\text{ percent}" % n, r"%d \%%" % n, r"%d.0\%%" % n]
    if right:
        return r.choice(forms), r.choice([r"%d\%%" % n, str(n), latex(Fraction(n, 100)), "%.2f" % (n / 100)])
    return r.choice(forms), r.choice([r"%d\%%" % (n + 1), str(n * 10), str(n + 1), "%.3f" % (n / 1000)])


def units(r, right):
    n = r.randint(2, 500)
    unit, other = r.choice(UNITS)
    forms = [r"%d\text{ %s}" % (n, unit), "%d %s" % (n, other), r"%d\ \mathrm{%s}" % (n, unit),
             r"%d \text{ %s}." % (n, other), r"%d\text{ apples}" % n, r"%d\text{ %s}^2" % (n, unit)]
    if right:
        return r.choice(forms), str(n)
    wrong = r.choice([u for u, o in UNITS if u != unit and o != unit])
    return r.choice([
        (r.choice(forms), str(n + 1)), (r"%d\text{ %s}" % (n, unit), r"%d\text{ %s}" % (n, wrong)),
        (r"%d\text{ %s}^2" % (n, unit), r"%d\text{ %s}^3" % (n, unit))])


def compound_units(r, right):
    n = r.choice([str(r.randint(2, 200)), "%.1f" % (r.randint(11, 999) / 10)])
    unit, same, other = r.choice(QUOTIENTS)
    if right:
        return r.choice([(n + unit, n), (n + same, n), (n + unit, n + same), (n + same, n + unit)])
    return r.choice([(n + unit, n + other), (n + other, n + same), (n + unit, n + "1"), (n + same, "1" + n)])


def money(r, right):
    n = r.choice(["%d" % r.randint(2, 900), "%.2f" % (r.randint(101, 9999) / 100)])
    forms = [r"\$%s" % n, r"%s\text{ dollars}" % n, "€%s" % n, "£%s" % n, "¥%s" % n, r"\$%s/\text{hour}" % n,
             r"\$%s\text{ per day}" % n, r"%s\text{ cents}" % n, r"%s€" % n, r"\text{€}%s" % n]
    if right:
        return r.choice(forms), n
    return r.choice([(r.choice(forms), n + "1"), (r"\$%s" % n, "€%s" % n), (r"%s\text{ cents}" % n, r"\$%s" % n),
                     (r"\$%s/\text{hour}" % n, r"\$%s/\text{day}" % n)])


def changing_words(r, right):
    n = r.randint(3, 9)
    word, value = r.choice([
        ("tenths", Fraction(n, 10)), ("hundredths", Fraction(n, 100)), ("squared", n * n), ("cubed", n ** 3),
        ("hundred", n * 100), ("dozen", n * 12), ("thousand", n * 1000), ("million", n * 10 ** 6),
        ("thirds", Fraction(n, 3)), ("percent", Fraction(n, 100))])
    text = r"%d\text{ %s}" % (n, word)
    if right:
        return text, plain(value)
    if word == "percent":
        return text, str(n * 10)
    if r.random() < 0.3:
        return r"%s %d" % (r"\text{half of }", n), str(n)
    return text, str(n)


def roots(r, right):
    p, q, k = r.choice(PRIMES), r.choice(PRIMES), r.randint(2, 6)
    choice = r.randrange(6)
    if choice == 0:
        pair = (r"\sqrt{%d}" % (k * k * p), r"%d\sqrt{%d}" % (k, p))
        bad = r"%d\sqrt{%d}" % (k, p + 1)
    elif choice == 1:
        pair = (r"\frac{%d}{\sqrt{%d}}" % (k * p, p), r"%d\sqrt{%d}" % (k, p))
        bad = r"\frac{\sqrt{%d}}{%d}" % (p, k)
    elif choice == 2:
        pair = (r"\sqrt[3]{%d}" % (k ** 3 * p), r"%d\sqrt[3]{%d}" % (k, p))
        bad = r"%d\sqrt{%d}" % (k, p)
    elif choice == 3:
        pair = ("%d√%d" % (k, p), r"%d\sqrt{%d}" % (k, p))
        bad = r"\sqrt{%d}" % (k * p)
    elif choice == 4:
        pair = (r"\sqrt{%d}+%d" % (p, k), r"%d+\sqrt{%d}" % (k, p))
        bad = r"\sqrt{%d}" % (p + k)
    else:
        pair = (r"\frac{1}{%d+\sqrt{%d}}" % (k + 3, p), r"\frac{%d-\sqrt{%d}}{%d}" % (k + 3, p, (k + 3) ** 2 - p))
        bad = r"%d-\sqrt{%d}" % (k + 3, p)
    if right:
        return pair
    return r.choice([pair[0], pair[1]]), bad


def powers(r, right):
    b, e = r.randint(2, 9), r.randint(2, 6)
    p, n = r.choice(PRIMES), r.randint(30, 400)
    pairs = [("%d^{%d}" % (b, e), str(b ** e)), ("%d^%d" % (b, e), str(b ** e)),
             ("%d^{%d}" % (p, 2 * n), "%d^{%d}" % (p * p, n)), ("%d^{-%d}" % (b, e), r"\frac{1}{%d}" % b ** e),
             (r"%d^{1/2}" % (b * b), str(b)), (r"%d^{\frac{2}{3}}" % b ** 3, str(b * b)),
             (r"%d^{1/3}" % p, r"\sqrt[3]{%d}" % p), (r"%d.5\times 10^{%d}" % (b, e), "%d5%s" % (b, "0" * (e - 1))),
             ("%d**%d" % (b, e), str(b ** e))]
    if right:
        return r.choice(pairs)
    wrong = [("%d^{%d}" % (b, e), str(b * e + 1)), ("%d^{%d}" % (p, 2 * n), "%d^{%d}" % (p * p, n + 1)),
             ("%d^{-%d}" % (b, e), str(-b ** e)), (r"%d^{1/2}" % (b * b), str(b * b)),
             (r"%d.5\times 10^{%d}" % (b, e), "%d5%s" % (b, "0" * e)), (r"%d^{1/3}" % p, r"\sqrt{%d}" % p)]
    return r.choice(wrong)


def repeating(r, right):
    block, whole = r.choice(["3", "6", "27", "142857", "45", "09", "7"]), r.randint(0, 4)
    f = whole + Fraction(int(block), 10 ** len(block) - 1)
    repeated = block * (3 if len(block) < 3 else 2)
    forms = [r"%d.\overline{%s}" % (whole, block), "%d.(%s)" % (whole, block), r"%d.\bar{%s}" % (whole, block),
             "%d.%s..." % (whole, repeated), r"%d.%s\ldots" % (whole, repeated)]
    if right:
        return r.choice(forms), latex(f)
    return r.choice([("%d.%s" % (whole, repeated), latex(f)),
                     (r.choice(forms), latex(f + Fraction(1, 10 ** len(block) - 1))),
                     (r.choice(forms), "%d.%s" % (whole, block))])


def pi_multiples(r, right):
    f = fraction(r)
    n, d = f.numerator, f.denominator
    forms = [r"\frac{%d\pi}{%d}" % (n, d), r"\frac{%d}{%d}\pi" % (n, d), r"%d\pi/%d" % (n, d), r"%dπ/%d" % (n, d),
             r"\frac{%d \cdot \pi}{%d}" % (n, d)]
    if d == 1:
        forms = [r"%d\pi" % n]
    if right:
        return r.choice(forms), r"\frac{%d\pi}{%d}" % (n, d)
    wrong = [r"\frac{%d\pi}{%d}" % (n + 1, d), r"\frac{%d}{%d}" % (n, d), "%.2f" % (3.14159265 * n / d),
             r"\frac{%d}{%d\pi}" % (n, d)]
    return r.choice(wrong), r"\frac{%d\pi}{%d}" % (n, d)


def tuples(r, right):
    a = [fraction(r) for _ in range(r.randint(2, 3))]
    text = "(" + ",".join(map(latex, a)) + ")"
    if right:
        return r.choice([r"\left(" + ", ".join(map(plain, a)) + r"\right)", "(" + ", ".join(map(latex, a)) + ")",
                         "(x,y,z)=".replace(",z", ",z" if len(a) == 3 else "") + text]), text
    b = a[::-1] if a[::-1] != a else [x + 1 for x in a]
    return r.choice(["(" + ",".join(map(latex, b)) + ")", "(" + ",".join(map(latex, a[:-1] + [a[-1] + 1])) + ")",
                     text[:-1] + ",0)", "(" + ",".join(map(latex, [-a[0]] + a[1:])) + ")"]), text


def sets(r, right):
    a = r.sample(range(-9, 20), r.randint(2, 4))
    text = ",".join(map(str, a))
    shuffled = ", ".join(map(str, r.sample(a, len(a))))
    if right:
        return r.choice([r"\{%s\}" % shuffled, shuffled, r"x \in \{%s\}" % shuffled]), r.choice([r"\{%s\}" % text, text])
    return r.choice([r"\{%s\}" % ",".join(map(str, a[:-1] + [21])), r"\{%s, 30\}" % shuffled,
                     str(a[0])]), r"\{%s\}" % text


def bounds(r):
    a, b = sorted(r.sample(range(-9, 20), 2))
    return a, b, r.choice("(["), r.choice(")]")


def intervals(r, right):
    a, b, left, close = bounds(r)
    text = "%s%d,%d%s" % (left, a, b, close)
    c = b + r.randint(1, 5)
    union = r"(-\infty,%d)\cup[%d,\infty)" % (a, b)
    if right:
        return r.choice([(text, r"\left%s%d, %d.0\right%s" % (left, a, b, close)), (union, r"[%d,\infty) \cup (-\infty,%d)" % (b, a)),
                         (r"x\in%s" % text, text)])
    other = {"(": "[", "[": "(", ")": "]", "]": ")"}
    return r.choice([(text, "%s%d,%d%s" % (other[left], a, b, close)), (text, "%s%d,%d%s" % (left, a, b, other[close])),
                     (text, "%s%d,%d%s" % (left, a, c, close)), (union, r"(-\infty,%d]\cup[%d,\infty)" % (a, b))])


def inequalities(r, right):
    a, b, left, close = bounds(r)
    low, high = "<" if left == "(" else r"\le", "<" if close == ")" else r"\leq"
    interval = "%s%d,%d%s" % (left, a, b, close)
    up, ray = (">", "(") if left == "(" else (r"\ge", "[")
    forms = [("%d %s x %s %d" % (a, low, high, b), interval), ("x %s %d" % (up, a), r"%s%d,\infty)" % (ray, a)),
             (r"x < %d \text{ or } x > %d" % (a, b), r"(-\infty,%d)\cup(%d,\infty)" % (a, b)),
             ("%d %s x" % (a, low), r"%s%d,\infty)" % (ray, a)), (r"x \le %d" % b, r"(-\infty,%d]" % b)]
    if right:
        return r.choice(forms)
    answer, reference = r.choice(forms)
    swapped = reference.translate(str.maketrans({"(": "[", "[": "("}), ) if r"\infty" not in reference else \
        reference.replace(r"%d" % a, "%d" % (a - 1)) if str(a) in reference else reference.replace(str(b), str(b + 1))
    return answer, r.choice([swapped, str(a)])


def plus_minus(r, right):
    a, p = r.randint(1, 20), r.choice(PRIMES)
    forms = [(r"\pm %d" % a, "%d,-%d" % (a, a)), (r"x = \pm %d" % a, r"-%d, %d" % (a, a)),
             (r"%d \pm \sqrt{%d}" % (a, p), r"%d+\sqrt{%d}, %d-\sqrt{%d}" % (a, p, a, p)),
             (r"\frac{%d \pm \sqrt{%d}}{2}" % (a, p), r"\frac{%d+\sqrt{%d}}{2},\frac{%d-\sqrt{%d}}{2}" % (a, p, a, p)),
             (r"\pm%d" % a, r"\{-%d,%d\}" % (a, a))]
    if right:
        return r.choice(forms)
    return r.choice([(r"\pm %d" % a, str(a)), (r"%d \pm \sqrt{%d}" % (a, p), r"%d+\sqrt{%d}" % (a, p)),
                     (r"\pm %d" % a, "%d,-%d" % (a, a + 1)), (r"\pm %d" % a, "-%d" % a)])


def names(r, right):
    v = r.randint(2, 99)
    forms = ["x = %d", "x=%d", "AB = %d", "S_{10} = %d", r"\angle ABC = %d^\circ", "f(3) = %d", r"\text{Area} = %d",
             "a_n = %d", r"x \approx %d", r"\theta = %d", "n=%d", "BC=%d", "P(2)=%d", r"m\angle A = %d"]
    if right:
        answer = r.choice(forms) % v
        return r.choice([(answer, str(v)), (r"%d + %d = %d" % (v - 1, 1, v), str(v))])
    other = r.choice(["2x = %d", "x + 1 = %d", "x^2 = %d", "xy = %d", "x + y = %d"]) % v
    return r.choice([(r.choice(forms) % v, str(v + 1)), (other, str(v)), ("x = %d" % v, "y = %d" % v),
                     (r"x \approx %d.3" % v, latex(v + Fraction(1, 3)))])


def expressions(r, right):
    a, b = r.sample(range(2, 12), 2)
    forms = [("x^2+%dx" % a, "%dx+x^2" % a), ("(x+%d)(x-%d)" % (a, b), "x^2%+dx-%d" % (a - b, a * b)),
             ("%d(x+%d)" % (a, b), "%dx+%d" % (a, a * b)), (r"\frac{x+%d}{%d}" % (a, b), r"\frac{x}{%d}+\frac{%d}{%d}" % (b, a, b)),
             ("y=%dx+%d" % (a, b), "y=%d+%dx" % (b, a)), (r"%d\pi r^2" % a, r"r^2\cdot %d\pi" % a),
             ("%dab" % a, r"%db \cdot a" % a), (r"\sin(%dx)" % a, r"\sin(%dx)" % a), (r"\ln %d" % a, r"\ln(%d)" % a),
             (r"\frac{x^2-%d}{x-%d}" % (a * a, a), "x+%d" % a), (r"\sin 30^\circ", r"\frac12"), ("%dx+%dx" % (a, b), "%dx" % (a + b))]
    if right:
        return r.choice(forms)
    return r.choice([("x^2+%dx" % a, "x^2-%dx" % a), ("(x+%d)(x-%d)" % (a, b), "x^2%+dx+%d" % (a - b, a * b)),
                     ("%d(x+%d)" % (a, b), "%dx+%d" % (a, b)), ("y=%dx+%d" % (a, b), "y=%dx+%d" % (b, a)),
                     ("%dx" % a, str(a)), ("%dx^2" % a, "%dx" % a), (r"\ln %d" % a, r"\ln %d" % b),
                     ("x+%d" % a, "y+%d" % a), (r"\sin(%dx)" % a, r"%d\sin(x)" % a)])


def texts(r, right):
    a, b = r.sample(TEXTS, 2)
    if right:
        return r.choice([r"\text{%s}" % a, a, r"\textbf{%s}" % a, r"\mathrm{%s}" % a, r"\text{%s}." % a,
                         r"\text{%s}" % a.lower()]), a
    return r.choice([r"\text{%s}" % b, r"\text{not %s}" % a, r"\text{%s or %s}" % (a, b), a[:-1]]), a


def choices(r, right):
    a, b = r.sample("ABCDE", 2)
    if right:
        return r.choice([r"\text{(%s)}" % a, a, r"\textbf{%s}" % a, "(%s)" % a, r"\text{%s}" % a, r"\textbf{(%s)}" % a,
                         r"\text{(%s) } %d" % (a, r.randint(2, 99))]), a
    return r.choice([r"\text{(%s)}" % b, b, a + b, r"\textbf{(%s)}" % b, r"\text{(%s) } %d" % (b, r.randint(2, 99))]), a


# The categories of extraction return a whole response.


def several_boxes(r, right):
    a, b = r.sample(range(2, 99), 2)
    if right:
        return r.choice([
            (r"The roots are \boxed{%d} and \boxed{%d}." % (a, b), "%d,%d" % (a, b)),
            (r"$\boxed{%d}$ or $\boxed{%d}$" % (b, a), "%d,%d" % (a, b)),
            (r"Solutions: \boxed{%d}, \boxed{%d}" % (a, b), "%d,%d" % (b, a)),
            (r"First \boxed{%d}. Checking again, it is \boxed{%d}." % (a, b), str(b)),
            (r"So \boxed{%d}. In short: \boxed{%d}" % (a, a), str(a))])
    return r.choice([
        (r"The roots are \boxed{%d} and \boxed{%d}." % (a, b), str(b)),
        (r"First \boxed{%d}. Checking again, it is \boxed{%d}." % (a, b), str(a)),
        (r"Solutions: \boxed{%d}, \boxed{%d}" % (a, b), "%d,%d" % (a, b + 1)),
        (r"No, not \boxed{%d}: it is \boxed{%d}" % (a, b), str(a))])


def mentions(r, right):
    a, b = r.sample(range(2, 99), 2)
    responses = [r"I put it in \boxed{}: \boxed{%d}", r"The result is \boxed{%d}. I used \boxed{} as asked.",
                 r"\boxed{%d} is in \boxed as requested.", r"As asked, with \boxed{...}: \boxed{%d}",
                 r"We must use \boxed{}. The answer is %d.", r"\boxed{%d}. (The notation \boxed{ } was required.)",
                 r"Answer: \boxed{%d}. The \boxed command marks it."]
    return r.choice(responses) % a, str(a if right else b)


def tags(r, right):
    a, b = r.sample(range(2, 99), 2)
    responses = ["<think>Let me see: %(b)d?</think><answer>%(a)d</answer>", "<answer> %(a)d </answer>",
                 "<think>It is %(b)d.</think>\n<answer>\nThe answer is %(a)d.\n</answer>",
                 r"<think>x</think> <answer>\boxed{%(a)d}</answer>", "<answer>$%(a)d$</answer>",
                 r"<think>\boxed{%(b)d}?</think><answer>%(a)d</answer>",
                 "<answer>%(b)d</answer> Wait. <answer>%(a)d</answer>", "<answer>x = %(a)d</answer>"]
    return r.choice(responses) % {"a": a, "b": b}, str(a if right else b)


def thoughts(r, right):
    a, b = r.sample(range(2, 99), 2)
    responses = [r"<think>maybe \boxed{%(b)d}</think>The answer is %(a)d.", r"<think>%(b)d</think>\boxed{%(a)d}",
                 "<think>The answer is %(b)d.</think>\n\n**Answer:** %(a)d",
                 "<think>The answer is %(b)d?</think>\n#### %(a)d",
                 "<thinking>\nThe answer is %(b)d.\n</thinking>\nThe answer is %(a)d.",
                 r"<think>\boxed{%(b)d}, wait, no</think>So $\boxed{%(a)d}$."]
    return r.choice(responses) % {"a": a, "b": b}, str(a if right else b)


def end_tokens(r, right):
    a = r.randint(2, 99)
    token = r.choice(["<|im_end|>", "<|endoftext|>", "<|im_end|><|endoftext|>", "</s>", "<eos>", "<end_of_turn>",
                      "<｜end▁of▁sentence｜>", "<|eot_id|>", "<|im_end|>\n", "<|end|>"])
    response = r.choice(["The answer is %d", "The answer is %d.", "#### %d", r"\boxed{%d}", "Answer: %d",
                         "The answer is $%d$.", "<answer>%d</answer>"]) % a
    return response + token, str(a if right else a * 10 + r.randint(0, 9))


def phrases(r, right):
    f = fraction(r)
    a, b = plain(f), "%.3f" % float(f)
    responses = ["The answer is therefore %s.", "So the answer is %s (or {b}).", "The final answer is: **%s**",
                 "Therefore, the answer is $%s$.", "Answer: %s", "The answer is thus %s, because 2 + 2 = 4.",
                 "The answer is %s (approximately {b}).", "The answer is simply %s.", "the answer is x = %s.",
                 "The answer is %s\n\nI hope it is correct."]
    return (r.choice(responses) % a).replace("{b}", b), latex(f if right else f + 1)


VALUES = [integers, decimals, thousands, fractions, mixed, percent, units, compound_units, money, changing_words,
          roots, powers, repeating, pi_multiples, tuples, sets, intervals, inequalities, plus_minus, names, expressions, texts,
          choices]
RESPONSES = [several_boxes, mentions, tags, thoughts, end_tokens, phrases]


def main():
    path = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    with open(path, "w", encoding="utf-8") as file:
        for make in VALUES + RESPONSES:
            name = make.__name__.replace("_", " ")
            r = random.Random("prerl verifier " + name)
            for number in range(count):
                right = number % 2 == 0
                response, reference = make(r, right)
                if make in VALUES:
                    response = r.choice(SENTENCES) % response
                row = {"id": "%s %d" % (name, number), "category": name, "prompt_ids": [1], "response_ids": [2],
                       "response": response, "answer": reference, "reward": int(right)}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


main()
