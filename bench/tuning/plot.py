"""The PNG: the best so far against time, and beside it what each kernel gained."""

from tuning.found import short_names
from tuning.report import conditions

DEFAULT, TUNED, ROOFLINE = "#e8a09c", "#c1272d", "black"
INCHES_A_KERNEL = 0.24
MOST_NAME = 58


def _digits(us):
    return f"{us:.0f}" if us >= 100 else f"{us:.3g}"


def _curve(axes, found):
    moments, shares = zip(*found.curve())
    axes.step(moments, [100 * share for share in shares], where="post", color=TUNED, linewidth=2)
    axes.set_xlim(0, moments[-1])
    axes.set_ylim(max(0, 10 * int(10 * min(shares) - 0.5)), 102)
    axes.axhline(100, color="#555555", linewidth=1)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.annotate(f"{100 * shares[-1]:.0f} %", (moments[-1], 100 * shares[-1]), xytext=(-4, 6),
                  textcoords="offset points", ha="right", fontsize=10, color=TUNED)
    axes.set_xlabel("seconds of tuning")
    axes.set_ylabel("best so far, % of the default's time")
    axes.set_title("All kernels, as often as they are used", fontsize=10)


def _gains(axes, found):
    named = sorted(zip(short_names(found.kernels), found.kernels), key=lambda pair: pair[1].best_us / pair[1].default_us,
                   reverse=True)
    end = 104
    for y, (_, kernel) in enumerate(named):
        tuned, roofline = (100 * time / kernel.default_us for time in (kernel.best_us, kernel.roofline_us))
        axes.barh(y, 100, color=DEFAULT, height=0.72, zorder=2)
        axes.barh(y, tuned, color=TUNED, height=0.72, zorder=3)
        axes.plot([roofline] * 2, [y - 0.36, y + 0.36], color=ROOFLINE, linewidth=2, zorder=4)
        axes.annotate(f"{_digits(kernel.default_us)} → {_digits(kernel.best_us)} us", (1, y), xytext=(5, 0),
                      xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=7)
        end = max(end, roofline + 4)
    names = [f"{kernel.uses} x {name}" if kernel.uses > 1 else name for name, kernel in named]
    axes.set_yticks(range(len(named)), [name if len(name) <= MOST_NAME else name[:MOST_NAME - 1] + "…" for name in names],
                    fontsize=7)
    axes.set_ylim(-0.8, len(named) - 0.2)
    axes.set_xlim(0, end)
    axes.set_xticks(range(0, int(end), 20 if end < 200 else 50))
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.8)
    axes.set_xlabel("% of the default's time")
    axes.set_title("Each kernel", fontsize=10)


def write_png(found, path):
    """Draws a run; False where nothing was measured."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    if not found.kernels:
        return False
    figure = Figure(figsize=(13, max(4.6, 1.9 + INCHES_A_KERNEL * len(found.kernels))), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _curve(left, found)
    _gains(right, found)
    for axes in (left, right):
        axes.set_axisbelow(True)
    handles = [Line2D([], [], linestyle="", marker="s", markersize=9, color=DEFAULT, label="without tuning"),
               Line2D([], [], linestyle="", marker="s", markersize=9, color=TUNED, label="tuned"),
               Line2D([], [], linestyle="", marker="|", markersize=11, markeredgewidth=2, color=ROOFLINE,
                      label="roofline of the direct algorithm")]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle("What tuning gained\n" + conditions(found), fontsize=11)
    figure.savefig(path, dpi=140)
    return True
