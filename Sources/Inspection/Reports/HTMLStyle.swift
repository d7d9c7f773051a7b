/// How every page looks: light or dark as the reader's system is, and on paper.
enum HTMLStyle {
  static let text =
    palette + page + tables + pictures + """
      .cards{display:flex;flex-wrap:wrap;gap:10px;margin-top:20px}
      .card{flex:1 1 120px;border:1px solid var(--line);border-radius:8px;padding:10px 14px}
      .card b{display:block;font-size:26px;font-variant-numeric:tabular-nums}.card span{color:var(--faint)}
      .card.bad b{color:var(--bad)}.card.fine b{color:var(--fine)}.card.odd b{color:var(--odd)}
      .badge{display:inline-block;border-radius:4px;padding:0 6px;color:var(--paper);background:var(--odd)}
      .badge.bad{background:var(--bad)}.badge.fine{background:var(--fine)}
      .bars{display:grid;grid-template-columns:max-content 1fr max-content;gap:2px 12px;align-items:center;max-width:60rem}
      .bar{background:var(--line);height:12px}.bar i{display:block;height:100%;background:var(--blue)}
      .curves{display:flex;flex-wrap:wrap;gap:16px}.curves figure{width:14rem;border:0}
      .curves path,.curves polyline{fill:none;stroke:var(--line)}.curves polyline{stroke:var(--blue);stroke-width:1.6}
      .curves .chance{stroke-dasharray:3 3}
      svg.spread{width:100%;max-width:760px}svg text{fill:var(--faint);font:12px system-ui,sans-serif}
      svg.spread line{stroke:var(--line)}svg.spread line.threshold{stroke:var(--ink);stroke-dasharray:4 3}
      rect.fine{fill:var(--fine)}rect.bad{fill:var(--bad)}
      @media print{figure,article{break-inside:avoid}}
      """

  private static let palette = """
    :root{--paper:#fff;--ink:#1d2329;--faint:#68727d;--line:#e1e5ea;--bad:#c8323c;--fine:#3f8f63;--odd:#b57a14;\
    --blue:#3468c0}
    @media(prefers-color-scheme:dark){:root{--paper:#16191d;--ink:#e6e9ec;--faint:#98a2ac;--line:#31373e;\
    --bad:#ef6a72;--fine:#66b98b;--odd:#dda64a;--blue:#7aa5ee}}

    """

  private static let page = """
    *{box-sizing:border-box}body{margin:0 auto;max-width:1180px;padding:28px 20px;background:var(--paper);\
    color:var(--ink);font:15px/1.5 system-ui,sans-serif}
    h1{margin:0;font-size:26px;overflow-wrap:anywhere}h2{font-size:17px;margin:34px 0 10px}
    header p{margin:4px 0 0;font-size:17px}.faint{color:var(--faint)}p.faint{margin:4px 0}
    header p.faint{font-size:15px}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:1px 16px}dt{color:var(--faint)}
    dd{margin:0;overflow-wrap:anywhere}small{display:block;color:var(--faint);font-weight:400;font-size:11px}

    """

  private static let tables = """
    .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:10px 0}
    td,th{padding:4px 10px;text-align:right;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
    th{color:var(--faint);font-weight:400}td:first-child,th:first-child{text-align:left;padding-left:0}
    tr.last td{font-weight:600;border-top:2px solid var(--line)}
    table.texts{width:100%;table-layout:fixed}table.texts td{text-align:left;white-space:normal;overflow-wrap:anywhere}

    """

  private static let pictures = """
    .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:16px}
    .gallery.pairs{grid-template-columns:repeat(auto-fill,minmax(21rem,1fr))}
    figure,article{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden}
    article{border-left:4px solid var(--bad);padding:12px}article.right{border-left-color:var(--fine)}
    figure img,figure .none{display:block;width:100%;height:210px;object-fit:contain;background:#0001}
    figure .none{display:grid;place-items:center;color:var(--faint)}
    .pictures{display:flex;gap:8px}.pictures img{max-width:49%;height:auto}.pictures img:only-child{max-width:100%}
    figcaption,article{font-size:13px;overflow-wrap:anywhere}figcaption{padding:10px 12px}
    figcaption b,article h3{display:block;font-size:13px;font-weight:600;margin:0}article h3{margin:8px 0}
    figcaption p,article p{margin:6px 0 0}.question,.reason,details p{white-space:pre-line}
    .reason,details p{color:var(--faint);max-height:8.5em;overflow:auto}

    """
}
