// Which addresses may become a player, a picture or a link: the rule of notebook/links.py.

const REST = String.raw`(?:[/?#](?:(?![\\"<>\x60])[!-~\u00a1-\u1fff\u2c00-\ud7ff\uf900-\ufffd])*)?`;
const ABSOLUTE = new RegExp(
  `^(?:https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?${REST}|` +
    String.raw`http://(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?${REST})$`,
  "i",
);
const DATA =
  /^data:(?:video\/mp4|image\/jpeg|image\/png|text\/vtt);base64,[A-Za-z0-9+/]+={0,2}$/;
const RELATIVE =
  /^(?!\.\.?(?:\/|$))[A-Za-z0-9_.~%-]+(?:\/(?!\.\.?(?:\/|$))[A-Za-z0-9_.~%-]+)*$/;

/**
 * The address itself when it may be used, else null.
 * @param {unknown} url
 * @returns {string | null}
 */
export function safeUrl(url) {
  if (typeof url !== "string" || url.includes("\n")) return null;
  return ABSOLUTE.test(url) || DATA.test(url) || RELATIVE.test(url) ? url : null;
}
