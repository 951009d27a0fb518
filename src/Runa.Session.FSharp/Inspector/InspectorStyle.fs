namespace Runa.Session

/// The style of the inspector's page.
module internal InspectorStyle =
    [<Literal>]
    let css =
        """
:root { --back:#f6f5f2; --card:#fff; --text:#1f2429; --soft:#5a636c; --line:#d9d6cf; --accent:#2f5d8a; --on-accent:#fff; --good:#1f6b42; --good-back:#e4f2e9; --warn:#7d5200; --warn-back:#fbf0d9; --bad:#a4262c; --bad-back:#fbe9e9; }
@media (prefers-color-scheme: dark) { :root { --back:#15181b; --card:#1e2327; --text:#e6e8ea; --soft:#a3acb4; --line:#343b41; --accent:#8db9e4; --on-accent:#10202f; --good:#8fd6ac; --good-back:#1b3226; --warn:#eac37b; --warn-back:#362b16; --bad:#f2a3a5; --bad-back:#3a1f21; } }
*, *::before, *::after { box-sizing:border-box; }
html { color-scheme:light dark; font:1rem/1.5 system-ui,sans-serif; background:var(--back); color:var(--text); }
body { margin:0 auto; padding:0 1rem 3rem; max-width:64rem; }
header { display:flex; flex-wrap:wrap; gap:.25rem 1rem; align-items:baseline; justify-content:space-between; margin:1.25rem 0 .5rem; }
h1 { font-size:1.5rem; margin:0; } h2 { font-size:1.05rem; margin:0 0 .6rem; }
p { margin:.4rem 0; } small, .soft { color:var(--soft); }
a { color:var(--accent); text-underline-offset:.2em; }
:focus-visible { outline:3px solid var(--accent); outline-offset:2px; border-radius:4px; }
.card { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:1rem 1.15rem; margin:1rem 0; overflow-x:auto; }
.grid { display:grid; grid-template-columns:repeat(auto-fill,minmax(12rem,1fr)); gap:1rem; }
.rate { display:grid; gap:.1rem; } .rate b { font-variant-numeric:tabular-nums; font-size:1.15rem; } .rate svg { width:100%; height:3rem; fill:var(--accent); background:linear-gradient(var(--line),var(--line)) bottom/100% 1px no-repeat; }
.rate.bad svg { fill:var(--bad); }
table { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; }
th { text-align:left; font-weight:600; color:var(--soft); font-size:.875rem; }
th, td { padding:.4rem .75rem .4rem 0; border-bottom:1px solid var(--line); vertical-align:top; }
tr:last-child td { border-bottom:0; }
.tag { display:inline-block; border-radius:999px; padding:.05rem .6rem; font-size:.875rem; } .up { color:var(--good); background:var(--good-back); } .slow { color:var(--warn); background:var(--warn-back); } .down { color:var(--bad); background:var(--bad-back); }
.notice { border-left:4px solid var(--good); background:var(--good-back); color:var(--good); border-radius:8px; padding:.6rem 1rem; } .problem { border-left:4px solid var(--bad); background:var(--bad-back); color:var(--bad); border-radius:8px; padding:.6rem 1rem; }
form.find { margin-bottom:1rem; display:flex; flex-wrap:wrap; gap:.6rem; align-items:end; } form.find label { display:grid; gap:.15rem; font-size:.875rem; color:var(--soft); }
input, select, button { font:inherit; color:inherit; padding:.45rem .7rem; border-radius:8px; border:1px solid var(--soft); background:var(--card); min-height:2.5rem; }
button { background:var(--accent); border-color:var(--accent); color:var(--on-accent); cursor:pointer; } button.quiet { background:transparent; color:var(--bad); border-color:var(--bad); }
td form { margin:0; } table + form { margin-top:1rem; }
@media (max-width:40rem) { table, thead, tbody, tr, td { display:block; } .grid { grid-template-columns:1fr 1fr; } thead { display:none; } tr { border-bottom:1px solid var(--line); padding:.5rem 0; } td { border:0; padding:.1rem 0; } td::before { content:attr(data-name) " "; color:var(--soft); font-size:.875rem; } input, select, form.find label, form.find button { width:100%; } }
"""
