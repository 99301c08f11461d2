// The CSS of the HTML report.
#pragma once

namespace newsgenre {

constexpr char kReportStyle[] = R"css(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--text:#1b1f24;--soft:#59636e;--line:#d9dee4;
  --blue:#2a6fdb;--orange:#d9651a;--grey:#7d8590;--blue-rgb:28 92 198;--orange-rgb:217 101 26}
@media (prefers-color-scheme:dark){:root{--page:#0f1318;--card:#181d24;--text:#e8ecf1;--soft:#9aa5b1;
  --line:#2f3741;--blue:#5b9bf5;--orange:#f08c4a;--grey:#98a2ad;--blue-rgb:52 112 205;--orange-rgb:214 104 38}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:20px 16px 48px}
h1{font-size:24px;margin:0}
h2{font-size:18px;margin:0 0 8px}
.note{color:var(--soft);margin:0 0 12px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px;margin-top:16px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(max(150px,22%),1fr));gap:12px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.tile span,.tile small{display:block;color:var(--soft);font-size:13px}
.tile strong{display:block;font-size:23px;line-height:1.3}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:20px}
figure{margin:0;max-width:560px}
figcaption{font-weight:600;margin-bottom:4px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:2px 0 6px;padding:0;color:var(--soft);
  font-size:13px}
.legend li{display:flex;align-items:center;gap:6px}
.key{width:14px;height:4px;border-radius:2px;background:var(--ink)}
.key.published{width:11px;height:11px;border-radius:50%;background:none;border:2px solid var(--ink)}
.key.accuracy,.key.gap{height:11px}
.key.gap{opacity:.45}
.training,.gap{--ink:var(--orange)}
.validation,.accuracy{--ink:var(--blue)}
.article,.ideal{--ink:var(--grey)}
.published{--ink:var(--text)}
svg{display:block;width:100%;height:auto;overflow:visible;font:12px system-ui,sans-serif}
svg text{fill:var(--soft)}
svg .head{font-size:11px}
.grid{stroke:var(--line)}
.axis{stroke:var(--soft)}
.line{fill:none;stroke:var(--ink);stroke-width:2;stroke-linejoin:round}
.line.article,.line.ideal{stroke-dasharray:5 4}
.dot{fill:var(--ink)}
.dot.published{fill:none;stroke:var(--ink);stroke-width:2;r:7px}
.box{fill:var(--ink)}
.box.gap{opacity:.45}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;text-align:right;border-bottom:1px solid var(--line)}
th{font-weight:600;font-size:13px}
tbody th,th:first-child{text-align:left}
small{color:var(--soft);font-size:12px}
.epochs{margin-top:16px;font-size:13px;width:100%}
.epochs thead th{vertical-align:bottom}
.epochs th,.epochs td{padding:6px}
.epochs td,.epochs tbody th{white-space:nowrap}
.best{background:rgb(var(--blue-rgb)/.14)}
.confusion{width:100%;max-width:760px;table-layout:fixed}
.confusion th{overflow-wrap:anywhere;padding:6px 4px}
.confusion td{text-align:center;padding:8px 2px;border:2px solid var(--card);border-radius:6px}
.confusion thead th{text-align:center}
.confusion small{display:block;color:inherit}
.right{background:rgb(var(--blue-rgb)/var(--depth))}
.wrong{background:rgb(var(--orange-rgb)/var(--depth))}
.deep{color:#fff}
.labels{width:100%}
.labels td,.tile strong{white-space:nowrap}
.bar{display:block;height:5px;border-radius:3px;
  background:linear-gradient(to right,var(--blue) calc(100%*var(--share)),var(--line) 0)}
.mistakes{margin:0;padding-left:24px}
.mistakes li{margin-bottom:12px}
.mistakes p{margin:0;overflow-wrap:anywhere}
.mistakes p+p{color:var(--soft)}
.facts{width:100%}
.facts th{width:34%;overflow-wrap:anywhere;vertical-align:top}
.facts td{text-align:left;overflow-wrap:anywhere}
@media (max-width:480px){
  main{padding:16px 10px 32px}
  section{padding:12px}
  .tiles{gap:8px}
  .tile{padding:10px}
  .tile strong{font-size:19px}
  .labels th,.labels td{padding:6px 5px}
  .confusion th{font-size:11px;padding:6px 1px}
  svg{font-size:15px}
  svg .head{font-size:14px}
}
)css";

}  // namespace newsgenre
