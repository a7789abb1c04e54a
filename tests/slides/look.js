// Returns what is wrong with the slide shown, a line each: what leaves the slide or its box, what
// overlaps, and text that is too small. Sizes are in pixels of the slide, 1280 by 720.
(least) => {
  const section = Reveal.getCurrentSlide();
  const number = document.querySelector(".slide-number");
  const seen = (node) => !node.closest("aside.notes") && node.getClientRects().length > 0;
  const named = (node) =>
    `${node.tagName.toLowerCase()} ${JSON.stringify(node.textContent.trim().slice(0, 40))}`;
  const inside = (inner, outer) =>
    inner.left >= outer.left - 1 && inner.top >= outer.top - 1 &&
    inner.right <= outer.right + 1 && inner.bottom <= outer.bottom + 1;
  const apart = (one, other) =>
    one.right <= other.left + 1 || other.right <= one.left + 1 ||
    one.bottom <= other.top + 1 || other.bottom <= one.top + 1;
  const wrong = [];

  const slide = { left: 0, top: 0, right: 1280, bottom: 720 };
  const nodes = [...section.querySelectorAll("*"), ...number.querySelectorAll("*")].filter(seen);
  for (const node of nodes) {
    if (!inside(node.getBoundingClientRect(), slide)) wrong.push(`leaves the slide: ${named(node)}`);
    if (node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0)
      wrong.push(`is cut off: ${named(node)}`);
  }

  const blocks = nodes.filter((node) =>
    node.matches("h2, img, pre, table, .text p, .text li, .numbers > div, .origin, a"));
  const boxes = "h2, pre, th, td, p, li, div, a";
  for (const node of nodes) {
    for (const text of node.childNodes) {
      if (text.nodeType !== Node.TEXT_NODE || !text.textContent.trim()) continue;
      const size = parseFloat(getComputedStyle(node).fontSize);
      if (size < least) wrong.push(`is of ${size} px: ${named(node)}`);
      const range = document.createRange();
      range.selectNodeContents(text);
      const box = node.closest(boxes).getBoundingClientRect();
      for (const line of range.getClientRects())
        if (!inside(line, box)) wrong.push(`leaves its box: ${named(node)}`);
    }
  }
  blocks.forEach((one, index) => {
    for (const other of blocks.slice(index + 1)) {
      if (one.contains(other)) continue;
      if (!apart(one.getBoundingClientRect(), other.getBoundingClientRect()))
        wrong.push(`overlap: ${named(one)} and ${named(other)}`);
    }
  });
  return [...new Set(wrong)];
}
