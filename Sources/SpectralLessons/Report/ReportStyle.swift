/// The style of a report: light or dark as the reader's system is, one column, pages on paper.
enum ReportStyle {
  /// No `<` and no `&`, so that it is also XML.
  static let text = """
    :root{color-scheme:light dark;--page:#fbfaf7;--card:#ffffff;--text:#1d2a36;--quiet:#566573;--rule:#d5dce2;
    --link:#1a5493;--strong:#8a3200;--code:#f1f3f5}
    @media screen and (prefers-color-scheme:dark){:root{--page:#0c1014;--card:#12171c;--text:#e6edf3;--quiet:#a3b1bf;
    --rule:#33404b;--link:#8dc0ff;--strong:#ffb08a;--code:#1a2128}}
    *{box-sizing:border-box}
    html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
    body{margin:0 auto;padding:0 1rem 3rem;max-width:50rem;background:var(--page);color:var(--text);
    font:1.0625rem/1.6 system-ui,sans-serif;overflow-wrap:break-word}
    h1,h2,h3,h4{line-height:1.25;text-wrap:balance}
    h1{font-size:2rem;margin:2rem 0 .5rem} h2{font-size:1.6rem;margin:0 0 .75rem}
    h3{font-size:1.15rem;margin:2rem 0 .5rem} h4{font-size:1rem;margin:1.5rem 0 .5rem}
    .origin,.label,figcaption,footer{color:var(--quiet);font-size:.925rem}
    a{color:var(--link)}
    :focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
    main:focus{outline:none}
    .skip{position:absolute;left:1rem;top:-4rem;padding:.5rem 1rem;background:var(--card);border:2px solid var(--link)}
    .skip:focus{top:1rem}
    nav ol{columns:2;column-gap:2rem;padding-left:1.6rem} nav li{break-inside:avoid;margin:.2rem 0}
    section.lesson{margin-top:3rem;padding-top:2.5rem;border-top:1px solid var(--rule)}
    .number{color:var(--strong)}
    .idea{font-size:1.2rem;border-left:4px solid var(--strong);padding-left:1rem;margin:0}
    figure{margin:1.5rem 0;padding:1rem;background:var(--card);border:1px solid var(--rule);border-radius:8px}
    figcaption{margin-top:.75rem}
    .side{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start;justify-content:center}
    .picture{max-width:100%} .row{flex-wrap:nowrap} .row .picture{flex:0 1 auto;min-width:0}
    .label{margin:.25rem 0 0;text-align:center;max-width:22rem}
    img{max-width:100%;height:auto;display:block;margin:0 auto;border:1px solid var(--rule)}
    img.pixels{image-rendering:pixelated}
    .chart svg{display:block;max-width:100%;height:auto;margin:0 auto} .narrow{display:none}
    .chart .paper{fill:var(--card)}
    .scroll{overflow-x:auto;max-width:100%}
    .formula{margin:.75rem 0;padding:.75rem 0;overflow-y:hidden;font-size:1.15rem}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0 auto}
    th,td{padding:.3rem .75rem;border-bottom:1px solid var(--rule);text-align:right}
    th[scope=row],thead th:first-child{text-align:left} thead th{border-bottom:2px solid var(--quiet)}
    th[scope=row]{font-weight:500}
    tbody td{white-space:nowrap}
    .measured table{margin:0} .measured td{font-weight:600;white-space:normal;min-width:9rem}
    .matrix td{padding:0 .2rem;min-width:2em;height:2em;text-align:center;border:1px solid var(--rule);font-size:.9rem}
    .matrix caption{color:var(--quiet);font-size:.925rem;padding-bottom:.25rem}
    .matrix td.marked{outline:3px solid var(--strong);outline-offset:-3px;font-weight:700;background:var(--code)}
    .still{margin-bottom:1rem} .line{text-align:center;margin:.5rem 0;font-variant-numeric:tabular-nums}
    .moving .still{display:none} .moving .still.shown{display:block;margin-bottom:0}
    .controls{display:flex;gap:.75rem;align-items:center;justify-content:center;margin-top:.75rem}
    .controls[hidden]{display:none} .controls input{flex:1;max-width:24rem;accent-color:var(--link);min-height:1.5rem}
    button{font:inherit;min-width:5.5rem;min-height:2.5rem;color:var(--text);background:var(--code);
    border:1px solid var(--quiet);border-radius:6px;cursor:pointer}
    .place{min-width:4rem;font-variant-numeric:tabular-nums}
    @media (min-width:66rem){pre.scroll{margin-inline:-7rem;max-width:none}}
    pre{background:var(--code);padding:1rem;border-radius:8px;font-size:.85rem;line-height:1.5;margin:.5rem 0}
    code{font-family:ui-monospace,monospace;font-size:.92em} pre code{font-size:1em}
    details{border-left:3px solid var(--rule);padding-left:.75rem} summary{cursor:pointer;color:var(--link)}
    .exercises li{margin-bottom:1rem} .exercises p{margin:.25rem 0}
    footer{margin-top:4rem;border-top:1px solid var(--rule)}
    @media (max-width:40rem){body{font-size:1rem} nav ol{columns:1} .wide{display:none} .narrow{display:block}
    figure{padding:.6rem;margin-inline:-.4rem} .formula{font-size:1rem}
    th,td{padding:.3rem .4rem} h1{font-size:1.6rem} h2{font-size:1.35rem}
    .measured td{min-width:6.5rem} .row{gap:.5rem}
    .matrix td{min-width:1.75em;height:1.75em;font-size:.82rem}}
    @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
    @media print{:root{--page:#fff;--card:#fff;--text:#000;--quiet:#333;--rule:#999;--link:#000;
    --strong:#000;--code:#f4f4f4}
    body{max-width:none;font-size:10.5pt} nav,.skip,.controls{display:none}
    section.lesson{break-before:page;border:none;margin:0;padding:0} section.lesson:first-of-type{break-before:auto}
    figure,tr,pre,.still{break-inside:avoid}
    h2,h3,h4{break-after:avoid} .stills{display:flex;flex-wrap:wrap;gap:.75rem;justify-content:center}
    .moving .still,.still{display:none} .moving .still.key,.still.key{display:block;margin:0;max-width:48%}
    .chart svg{max-height:6.5cm} figure{margin:.75rem 0;padding:.5rem}
    details:not([open]){display:none} pre.scroll{white-space:pre-wrap;margin-inline:0} .wide{display:block} .narrow{display:none}}
    """
}
