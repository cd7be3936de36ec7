// What is wrong with how panels, figures, cards and Studio lie in the page, as a list of sentences.
() => {
  const wrong = [];
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = color;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const ground = (node) => {
    if (!node) return [255, 255, 255];
    const own = rgba(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(node.parentElement));
  };
  const light = (color) => {
    const [r, g, b] = color.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (node) => {
    const below = ground(node);
    const [a, b] = [light(over(rgba(getComputedStyle(node).color), below)), light(below)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const seen = (node) => node.getClientRects().length > 0 && node.checkVisibility({ visibilityProperty: true });
  const scrolls = (node, root) => {
    for (let at = node.parentElement; at && at !== root.parentElement; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== "visible") return true;
    }
    return false;
  };
  const texts = (root) => {
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!node.data.trim() || !seen(parent) || parent.closest("video, select")) continue;
      if (getComputedStyle(parent).fontSize === "0px") continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const lines = [...range.getClientRects()].filter((box) => box.width > 1);
      if (lines.length) found.push({ node, parent, lines, text: node.data.trim() });
    }
    return found;
  };
  const holder = (node) => {
    while (getComputedStyle(node).display.startsWith("inline")) node = node.parentElement;
    return node;
  };
  const faceOf = (root) => {
    let name = "?";
    for (const title of document.querySelectorAll("[data-face]")) {
      if (title.compareDocumentPosition(root) & Node.DOCUMENT_POSITION_FOLLOWING) name = title.dataset.face;
    }
    return name;
  };

  const ours = ".kodisc-panel, figure.kodisc-video, figure.kodisc-still, figure.kodisc-storyboard, .kodisc-ended, .kodisc-error";
  const roots = [...document.querySelectorAll(ours)].filter((root) => !root.parentElement.closest(ours));
  for (const root of roots) {
    const face = faceOf(root);
    const say = (what) => wrong.push(`${face}: ${what}`);
    const box = root.getBoundingClientRect();
    const area = root.closest(".jp-OutputArea-output, .jp-OutputArea")?.getBoundingClientRect();
    if (area && box.right > area.right + 1) say(`is wider than its output: ${box.right} > ${area.right}`);
    if (box.width < 260) say(`is ${box.width} px wide`);

    for (const node of root.querySelectorAll("*")) {
      if (!seen(node) || scrolls(node, root)) continue;
      const at = node.getBoundingClientRect();
      if (at.left < box.left - 1 || at.right > box.right + 1 || at.bottom > box.bottom + 1) {
        say(`${node.tagName} .${node.className} sticks out`);
      }
    }

    const all = texts(root).filter(({ parent }) => !scrolls(parent, root));
    for (const { parent, lines, text } of all) {
      const ratio = contrast(parent);
      if (ratio < 4.5) say(`contrast ${ratio.toFixed(2)} of "${text.slice(0, 30)}"`);
      const size = parseFloat(getComputedStyle(parent).fontSize);
      const width = holder(parent).getBoundingClientRect().width;
      // A line of more than about 90 characters is hard to read; facts and code are none.
      const widest = Math.max(...lines.map((line) => line.width));
      if (widest > 57 * size && !text.includes(" · ") && !parent.closest("pre")) {
        say(`"${text.slice(0, 30)}" is ${Math.round(widest)} px wide`);
      }
      if (lines.length > 1 && width < 12 * 0.5 * size) say(`"${text.slice(0, 30)}" has ${width} px to wrap in`);
    }
    all.forEach((one, i) => {
      for (const other of all.slice(i + 1)) {
        for (const a of one.lines) {
          for (const b of other.lines) {
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 2 && high > 4) say(`"${one.text.slice(0, 30)}" and "${other.text.slice(0, 30)}" overlap`);
          }
        }
      }
    });

    const rows = [...root.querySelectorAll(".kodisc-row")].filter(seen);
    const places = rows.map((row) => {
      const [label, value] = [...row.children].map((cell) => cell.getBoundingClientRect());
      const above = label.bottom <= value.top + 1 && Math.abs(label.left - value.left) <= 1;
      const beside = label.right <= value.left + 1 && Math.abs(label.bottom - value.bottom) <= 4;
      if (!above && !beside) say(`the label ${row.textContent} stands neither above nor beside its value`);
      return { label, above };
    });
    if (new Set(places.map(({ above }) => above)).size > 1) say("labels stand above here and beside there");
    for (const one of places.filter(({ above }) => above)) {
      for (const other of places) {
        const sameLine = Math.abs(one.label.top - other.label.top) < 12;
        const sameColumn = Math.abs(one.label.left - other.label.left) < 40;
        if (sameLine && Math.abs(one.label.top - other.label.top) > 1) say("labels of one line do not line up");
        if (sameColumn && Math.abs(one.label.left - other.label.left) > 1) say("labels of a column do not line up");
      }
    }
    const video = root.querySelector("video");
    if (video && video.getBoundingClientRect().width < 200) say("the video cannot be seen");
  }

  for (const studio of [...document.querySelectorAll(".widget-vbox")].filter((box) => box.querySelector("select"))) {
    const labels = [...studio.querySelectorAll(".widget-inline-hbox > .widget-label")].filter(seen);
    const edges = labels.map((label) => Math.round(label.getBoundingClientRect().right));
    const columns = new Set(edges);
    const lefts = new Set(labels.map((label) => Math.round(label.parentElement.getBoundingClientRect().left)));
    if (labels.length < 6) wrong.push(`Studio shows ${labels.length} labels`);
    if (columns.size > lefts.size) wrong.push(`Studio's controls do not line up: ${[...columns]}`);
    for (const label of labels) {
      if (label.scrollWidth > label.clientWidth + 1) wrong.push(`Studio's label ${label.textContent} is cut off`);
    }
    const box = studio.getBoundingClientRect();
    for (const node of studio.querySelectorAll(".jupyter-widgets")) {
      const at = node.getBoundingClientRect();
      if (at.width && at.right > box.right + 6) wrong.push(`in Studio, ${node.className} sticks out`);
    }
  }
  return { wrong: [...new Set(wrong)], roots: roots.length };
}
