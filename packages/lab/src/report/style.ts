/** Style of the report pages: one column on a phone, two on a desk, light or dark as the reader's system is. */
export const pageStyle = `
:root { color-scheme: light dark; --text: #1b1d21; --muted: #5c626b; --back: #ffffff; --line: #d9dce1; --tile: #f6f7f9; --good: #00734f; --bad: #b03a00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e8eb; --muted: #9aa1ab; --back: #14161a; --line: #30343b; --tile: #1b1e23; --good: #35c796; --bad: #ff8a4c; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 66rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; text-wrap: balance; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p, li { max-width: 46rem; }
p { margin: .4rem 0; }
ul { padding-left: 1.2rem; margin: .4rem 0; }
li { margin: .25rem 0; }
a { color: inherit; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; font-size: .92rem; }
.warning { padding: .5rem .75rem; border-left: 4px solid var(--bad); background: var(--tile); font-weight: 600; }
.muted, figcaption, dt { color: var(--muted); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; list-style: none; margin: 1rem 0 .25rem; padding: 0; }
.legend li { display: flex; align-items: center; gap: .5rem; }
.legend svg { width: 2.25rem; height: .75rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.charts.small { grid-template-columns: repeat(auto-fill, minmax(min(10.5rem, 45%), 1fr)); gap: .6rem; }
.charts.small figure { padding: .4rem; }
figure { margin: 0; padding: .75rem .75rem .5rem; background: var(--tile); border: 1px solid var(--line); border-radius: .5rem; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: .9rem; margin-bottom: .4rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { text-align: left; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; vertical-align: bottom; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--back); }
td small { display: block; white-space: nowrap; color: var(--muted); font-size: .82em; }
td.good { color: var(--good); } td.bad { color: var(--bad); } td.muted { color: var(--muted); } td.best { font-weight: 600; }
td.best small { font-weight: normal; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0; font-size: .92rem; }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: .5rem 0; padding: .6rem .75rem; overflow-x: auto; background: var(--tile); border: 1px solid var(--line);
  border-radius: .5rem; }
@media print {
  :root { color-scheme: light; --text: #000; --muted: #444; --back: #fff; --line: #bbb; --tile: #fff; --good: #00734f; --bad: #b03a00; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  h2, h3, figcaption, .legend { break-after: avoid; }
  figure, tr, pre { break-inside: avoid; }
  .charts { grid-template-columns: 1fr 1fr; }
  .charts.small { grid-template-columns: repeat(4, 1fr); }
  .scroll { overflow: visible; }
  table { font-size: 7.5pt; }
  th:first-child, td:first-child { position: static; }
}
`;
