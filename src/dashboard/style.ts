/**
 * The sheet of the element. Everything that changes has a fixed size, or scrolls inside a panel that has: nothing moves anything else. Text has a
 * contrast of at least 4.5 to what is behind it (WCAG 2.2, 1.4.3), lines and marks of 3.
 */
export const style = `
:host {
  --page: light-dark(#f3f5f8, #0e1319);
  --panel: light-dark(#ffffff, #171e27);
  --text: light-dark(#1a2330, #e7ecf2);
  --muted: light-dark(#536071, #a0adbb);
  --line: light-dark(#dde3ea, #2b3641);
  --edge: light-dark(#76838f, #7d8a98);
  --accent: light-dark(#0a62bd, #6cb4ff);
  --picked: light-dark(#e4effb, #1c324d);
  --track: light-dark(#e6ebf1, #26313c);
  --good: light-dark(#116a34, #55d98a);
  --warning: light-dark(#835207, #f2bd4e);
  --bad: light-dark(#b3202c, #ff8b8b);
  --p50: light-dark(#0a62bd, #6cb4ff);
  --p95: light-dark(#a34708, #f5a75a);
  --p99: light-dark(#a3195f, #ff8fc0);
  container-type: inline-size;
  display: block;
  color-scheme: light dark;
  color: var(--text);
  background: var(--page);
  font: 14px/1.4 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
  font-variant-numeric: tabular-nums;
  text-align: start;
}
:host([hidden]) { display: none; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h1, h2, p, dl, dd, ol { margin: 0; padding: 0; }
ol { list-style: none; }
h1 { font-size: 18px; line-height: 28px; font-weight: 650; white-space: nowrap; }
h2 { font-size: 14px; line-height: 24px; font-weight: 650; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: 4px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.dashboard {
  display: grid;
  grid-template-columns: repeat(12, minmax(0, 1fr));
  gap: 12px;
  max-width: 1440px;
  margin: 0 auto;
  padding: 16px;
}
header, .tiles { grid-column: 1 / -1; }
header { display: flex; align-items: center; gap: 12px; height: 32px; }
.status { width: 130px; flex: none; white-space: nowrap; }
.scope { min-width: 0; color: var(--muted); }
.scope, .name, .detail { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
button, select {
  font: inherit; color: var(--text); background: var(--panel);
  border: 1px solid var(--edge); border-radius: 6px; height: 30px; padding: 0 10px;
}
button { cursor: pointer; flex: none; margin-inline-start: auto; }
button.away { visibility: hidden; }

.tiles { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 12px; }
.tile { display: flex; flex-direction: column-reverse; height: 64px; padding: 8px 14px; }
.tile, .panel { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.tile dt { font-size: 12px; color: var(--muted); white-space: nowrap; }
.tile dd { font-size: 20px; line-height: 28px; font-weight: 600; white-space: nowrap; }

.panel { position: relative; display: flex; flex-direction: column; padding: 10px 14px; contain: layout paint; }
.relays, .alerts { height: 372px; }
.latency, .queue, .regions { height: 328px; }
.calls, .life { height: 380px; }
.relays { grid-column: span 8; }
.alerts { grid-column: span 4; }
.latency { grid-column: span 5; }
.queue { grid-column: span 3; }
.regions { grid-column: span 4; }
.calls { grid-column: span 4; }
.life { grid-column: span 8; }
.scroll { flex: 1; min-height: 0; overflow: hidden auto; scrollbar-gutter: stable; scrollbar-width: thin; margin-inline-end: -8px; }
.note, .empty, .detail { color: var(--muted); font-size: 12px; }
.note { height: 18px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; margin-top: auto; }
.empty { position: absolute; top: 72px; left: 14px; }
.detail { height: 18px; margin-top: 6px; }
.number { text-align: end; white-space: nowrap; }

.mark::before { content: ''; display: inline-block; width: 9px; height: 9px; margin-inline-end: 6px; background: currentColor; }
.mark[data-level='good'] { color: var(--good); }
.mark[data-level='good']::before { border-radius: 50%; }
.mark[data-level='warning'] { color: var(--warning); }
.mark[data-level='warning']::before { clip-path: polygon(50% 0, 100% 100%, 0 100%); }
.mark[data-level='bad'] { color: var(--bad); }
.mark[data-level='bad']::before { clip-path: polygon(20% 0, 50% 30%, 80% 0, 100% 20%, 70% 50%, 100% 80%, 80% 100%, 50% 70%, 20% 100%, 0 80%, 30% 50%, 0 20%); }
.mark[data-level='idle'] { color: var(--muted); }
.mark[data-level='idle']::before { clip-path: polygon(0 40%, 100% 40%, 100% 60%, 0 60%); }

.track { position: relative; display: block; height: 6px; border-radius: 3px; background: var(--track); overflow: hidden; }
.fill { position: absolute; inset: 0; transform: scaleX(0); transform-origin: 0 0; background: var(--accent); }
.fill.all { background: var(--edge); opacity: 0.55; }
.fill.up { background: var(--good); }
.fill.queued { background: var(--p95); }

.grid .row {
  display: grid; align-items: center; gap: 10px; height: 34px; padding: 0 8px;
  grid-template-columns: minmax(0, 1fr) 112px 104px 92px 66px 64px 76px;
}
.grid .row > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.grid .head { height: 28px; color: var(--muted); font-size: 12px; }
.heads { position: sticky; top: 0; z-index: 1; background: var(--panel); border-bottom: 1px solid var(--line); }
.grid .head > :nth-child(n + 6) { text-align: end; }
.body .row, .list .row { border-bottom: 1px solid var(--line); cursor: pointer; }
.body .row:hover, .list .row:hover { background: var(--track); }
.body .row[aria-selected='true'], .list .row[aria-selected='true'] { background: var(--picked); box-shadow: inset 3px 0 var(--accent); }
.load, .score { display: grid; gap: 2px; }
.load .text, .score .text { font-size: 12px; line-height: 16px; }

.alerts li { display: grid; grid-template-columns: 60px 82px minmax(0, 1fr); gap: 8px; height: 46px; padding-top: 4px; border-bottom: 1px solid var(--line); font-size: 13px; line-height: 19px; }
.alerts time { color: var(--muted); }
.alerts .text { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere; }

.latency .of { position: absolute; top: 8px; right: 14px; color: var(--muted); }
.plot-legend { display: flex; align-items: center; gap: 14px; height: 32px; white-space: nowrap; overflow: hidden; }
.item { display: inline-flex; align-items: center; gap: 6px; }
.value { width: 56px; font-weight: 600; }
.latency .time { position: absolute; top: 10px; left: 82px; line-height: 24px; color: var(--muted); white-space: nowrap; }
.swatch { stroke: currentColor; }
.swatch.p50 { color: var(--p50); }
.swatch.p95 { color: var(--p95); }
.swatch.p99 { color: var(--p99); }
.plot { height: 242px; margin: 6px -8px 0; border-top: 1px solid transparent; border-top-color: var(--line); overflow: hidden; }
.uplot { width: min-content; }
.u-wrap { position: relative; user-select: none; }
.u-wrap canvas { display: block; position: relative; width: 100%; height: 100%; }
.u-over, .u-under, .u-axis, .u-select { position: absolute; }
.u-under { overflow: hidden; }
.u-cursor-x, .u-cursor-y, .u-cursor-pt { position: absolute; top: 0; left: 0; pointer-events: none; will-change: transform; }
.u-cursor-x { height: 100%; border-inline-end: 1px dashed var(--edge); }
.u-cursor-pt { border-radius: 50%; border: 0 solid; }
.u-off { display: none; }

.bars { border-collapse: collapse; table-layout: fixed; width: 100%; font-size: 13px; }
.bars th { font-weight: 400; text-align: start; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; padding: 0; }
.bars thead th { color: var(--muted); font-size: 12px; height: 24px; }
.bars thead th:nth-child(n + 3) { text-align: end; }
.bars td { padding: 0; }
.bars .bar { padding: 0 8px; }
.bars .track { height: 10px; border-radius: 5px; }
.queue th:first-child { width: 64px; }
.queue th:nth-child(n + 3) { width: 58px; }
.queue tbody tr { height: 52px; }
.regions th:first-child { width: 96px; }
.regions th:nth-child(n + 3) { width: 54px; }
.regions tbody tr { height: 28px; }
.regions .none { color: var(--muted); }

.list .row { display: grid; grid-template-columns: minmax(0, 1fr) 52px 64px; gap: 10px; align-items: center; height: 34px; padding: 0 8px; font-size: 13px; }
.list .row > * { white-space: nowrap; }
.list .priority { color: var(--muted); }

.life .title { height: 20px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--muted); }
.axis { position: sticky; top: 0; z-index: 1; height: 22px; background: var(--panel); font-size: 12px; color: var(--muted); }
.times { position: relative; height: 100%; margin-inline: 208px 44px; }
.times span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.lanes li { display: grid; grid-template-columns: 180px minmax(0, 1fr); column-gap: 12px; align-items: center; padding: 6px 0; border-bottom: 1px solid var(--line); }
.lane { padding-inline: 16px 44px; background: var(--page); border-radius: 6px; }
.lane-track { position: relative; height: 24px; }
.span { position: absolute; top: 10px; height: 4px; border-radius: 2px; }
.span.waiting { background: repeating-linear-gradient(90deg, var(--edge) 0 4px, transparent 4px 8px); }
.span.asked { background: var(--accent); }
.span.live { top: 11px; height: 2px; background: var(--good); }
.step { position: absolute; top: 6px; width: 12px; height: 12px; margin-inline-start: -6px; line-height: 0; }
.steps { grid-column: 2; height: 34px; font-size: 12px; line-height: 17px; color: var(--muted); overflow: hidden auto; overflow-wrap: anywhere; scrollbar-width: thin; }
.shape { fill: var(--muted); }
.shape.chosen, .shape.sent { fill: var(--accent); }
.shape.answered { fill: var(--good); }
.shape.late, .shape.gap { fill: var(--warning); }
.shape.refused, .shape.lost { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin-top: 6px; font-size: 12px; color: var(--muted); }
.legend span { display: inline-flex; align-items: center; gap: 4px; }

@container (max-width: 1120px) {
  .relays, .alerts, .latency, .calls, .life { grid-column: 1 / -1; }
  .queue, .regions { grid-column: span 6; }
  .alerts { height: 240px; }
}
@container (max-width: 700px) {
  .dashboard { gap: 8px; padding: 8px; }
  header { flex-wrap: wrap; height: 64px; gap: 2px 10px; }
  h1 { flex: 1; }
  .status { width: auto; }
  .scope { order: -1; flex: 1 0 calc(100% - 150px); }
  h1, .status { order: -2; }
  .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px; }
  .tile { padding: 8px 10px; height: 58px; }
  .tile dd { font-size: 16px; line-height: 22px; }
  .tile dt { font-size: 11px; overflow: hidden; text-overflow: ellipsis; }
  .panel { padding: 10px; }
  .queue, .regions { grid-column: 1 / -1; height: auto; }
  .regions { height: 300px; }
  .queue { height: 240px; }
  .relays { height: 520px; }
  .heads { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .grid .row { height: 116px; padding: 6px 8px; gap: 5px 12px; font-size: 13px; line-height: 17px; grid-template-columns: repeat(3, minmax(0, 1fr)); align-content: center; }
  .grid .row .name { grid-column: 1 / 3; font-weight: 600; }
  .grid .row .state { order: -1; }
  .grid .row .name { order: -2; }
  .grid .row .cell.number { text-align: start; }
  .cell[data-label]:not(.state)::after { content: attr(data-label); display: block; font-size: 11px; line-height: 13px; color: var(--muted); }
  .load, .score { gap: 0; }
  .load .text, .score .text { font-size: 13px; line-height: 17px; }
  .load .track, .score .track { display: none; }
  .latency { height: 360px; }
  .latency .of { position: static; display: block; }
  .plot-legend { gap: 8px; font-size: 12px; }
  .value { width: 48px; }
  .latency .time { left: 78px; }
  .swatch { width: 22px; }
  .lanes li { display: block; }
  .times { margin-inline: 16px 44px; }
  .steps { height: 51px; }
  .life { height: 460px; }
}
@media (forced-colors: active) {
  .fill, .span, .mark::before { forced-color-adjust: none; }
}
@media (prefers-reduced-motion: no-preference) {
  .fill { transition: transform 180ms linear; }
}
`;
