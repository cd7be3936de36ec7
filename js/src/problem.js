// The error card, from a diagnostic or from the server's own words.
import { make } from "./dom.js";

/**
 * @param {import("./types.d.ts").State} state
 * @returns {HTMLElement | null}
 */
export function errorCard(state) {
  const problem = state.problem;
  if (!problem && state.phase !== "failed") return null;
  const card = make("div", "error");
  card.dataset.severity = problem?.severity ?? "error";
  if (!problem) {
    card.append(make("pre", "full", make("bdi", "", state.error || "The server gave no reason.")));
    return card;
  }
  const where = problem.where && `${problem.where[0]?.toUpperCase()}${problem.where.slice(1)}: `;
  card.append(make("p", "message", make("strong", "", where), make("bdi", "", problem.message)));
  if (problem.excerpt.length) card.append(excerpt(problem.excerpt));
  if (problem.hint) card.append(make("p", "hint", make("strong", "", "Hint: "), problem.hint));
  if (problem.charged) card.append(make("p", "charged", problem.charged));
  if (problem.full) {
    const full = make("pre", "full", make("bdi", "", problem.full));
    full.tabIndex = 0;
    card.append(make("details", "", make("summary", "", problem.full_title), full));
  }
  return card;
}

/** @param {import("./types.d.ts").Problem["excerpt"]} lines */
function excerpt(lines) {
  const code = make("pre", "code");
  code.tabIndex = 0; // it scrolls, so the keyboard must reach it
  code.setAttribute("aria-label", "Where it happened");
  code.setAttribute("role", "region");
  const width = Math.max(...lines.map((line) => String(line.number).length));
  for (const { number, text, mark } of lines) {
    const line = make("span", "line", make("span", "number", String(number).padStart(width)));
    const [from, to] = mark ?? [text.length, text.length];
    line.append(text.slice(0, from));
    if (mark) line.append(make("mark", "", text.slice(from, to) || " "));
    line.append(text.slice(to), "\n");
    code.append(line);
  }
  return code;
}
