"""The one style sheet: colours of the canvas, light, dark where the reader asks for that, light on paper."""

from typing import Final

from alexnet.canvas import COLOURS, classes

SHEET: Final = """
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{margin:0 auto;max-width:70rem;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.4rem 0 .6rem;border-bottom:1px solid var(--rule);padding-bottom:.2rem}
h3{font-size:1rem;margin:1rem 0 .3rem;overflow-wrap:anywhere}
p{max-width:46rem;margin:.6rem 0;overflow-wrap:anywhere}
.quiet,figcaption,caption{color:var(--quiet)}.title{font-weight:600;margin:.2rem 0}
.notice{border-left:.25rem solid var(--red);padding:.1rem .8rem}
a{color:var(--blue)}code,pre{font:.875em/1.45 ui-monospace,monospace}
pre{overflow-x:auto;margin:.4rem 0;padding:.6rem .8rem;border:1px solid var(--rule);border-radius:.3rem}
table{border-collapse:collapse;font-size:.925rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem 1rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
.long{min-width:12rem;max-width:28rem;overflow-wrap:anywhere}th{color:var(--quiet);font-weight:600}
.number{text-align:right;white-space:nowrap}caption{text-align:left;padding-bottom:.3rem}
.wide{overflow-x:auto}figure{margin:1rem 0}figcaption{max-width:46rem;font-size:.925rem}
figure svg{max-width:100%;height:auto;display:block}
details{margin:.4rem 0}summary{cursor:pointer;color:var(--blue);width:fit-content}
.panels,.tiles{display:flex;flex-wrap:wrap;gap:.8rem 1rem}.panels>figure{flex:0 1 19rem;margin:.4rem 0}
.tile{width:8.5rem}.tile img{width:8.5rem;height:8.5rem;object-fit:cover;border-radius:.25rem;display:block}
.tile .pair{display:flex;gap:2px}.tile .pair img{width:4.2rem;height:4.2rem}
.tile p{margin:.15rem 0;font-size:.85rem;line-height:1.3}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.7rem;margin:.8rem 0}
.fact{border:1px solid var(--rule);border-radius:.4rem;padding:.5rem .9rem;overflow-wrap:anywhere}
.fact b{display:block;font-size:1.5rem;line-height:1.25}.fact span{font-size:.85rem}
.beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:0 2rem}
.beside>div{min-width:0}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;list-style:none;padding:0;margin:.8rem 0}
@media print{body{font-size:10pt}main{max-width:none;padding:0}nav,summary{display:none}
.wide{overflow:visible}h2,h3,figcaption{break-after:avoid}figure,tr,.tile,.fact{break-inside:avoid}}
"""
"""Rules of their own for nothing: whatever is shown is one of the blocks."""


def style() -> str:
    """Return the whole style sheet: the colours as variables, the classes of drawings, and the rules."""

    def named(dark: int) -> str:
        variables = "".join(f"--{name}:{pair[dark]};" for name, pair in COLOURS.items())
        return f":root{{color-scheme:{'dark' if dark else 'light'};{variables}}}{classes(dark)}"

    dark = f"@media (prefers-color-scheme:dark){{{named(1)}}}"
    return f"{named(0)}{dark}@media print{{{named(0)}}}{SHEET}"
