// Pages that share a document: only one of them may put a panel's end into it.

/**
 * How many of the pages that share a notebook come before this one; all of them count alike. Where
 * nothing is known of the others, a guess below 1.
 * @param {any} model a notebook's model
 */
export function turn(model) {
  const awareness = model.sharedModel?.awareness;
  const pages = [...(awareness?.getStates?.().keys() ?? [])].sort((one, other) => one - other);
  const at = pages.indexOf(awareness?.clientID);
  return at < 0 ? Math.random() : at;
}
