// Making and patching elements. Text only ever becomes a text node.

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [name] the class, without its prefix
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, name, ...children) {
  const node = document.createElement(tag);
  if (name) node.className = `kodisc-${name}`;
  node.append(...children);
  return node;
}

/**
 * Sets a node's text, unless it says so already: a live region speaks at every change.
 * @param {HTMLElement} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = !text;
}

/**
 * @param {Element} node
 * @param {Record<string, string | null>} attributes null takes one away
 */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) node.removeAttribute(name);
    else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
}

/**
 * A link that opens beside the notebook.
 * @param {string} href an address that has passed `safeUrl`
 * @param {string} text
 */
export function link(href, text) {
  const node = make("a", "link", text);
  set(node, { href, target: "_blank", rel: "noreferrer" });
  return node;
}
