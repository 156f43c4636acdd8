"""What model reports look like beyond the style of all pages: pictures of curves, bins and bars."""

STYLE = """
.alarm { border-left-color: #c9a227; }
svg.shape { max-width: 600px; height: 70px; }
.grid { stroke: #e4e6e4; stroke-width: 1; }
.key { margin: 6px 0 0; font-size: 12px; }
i { display: inline-block; width: 10px; height: 10px; margin: 0 4px 0 10px; border-radius: 2px; }
b.bar { display: inline-block; height: 10px; background: #d9822b; border-radius: 2px; vertical-align: middle; }
.card td { text-align: left; }
ul { margin: 0; padding-left: 20px; columns: 2; font-size: 13px; overflow-wrap: anywhere; }
@media (max-width: 720px) { ul { columns: 1; } }
"""
