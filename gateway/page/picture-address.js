// @ts-check

const addresses = new Map(entriesOf(document.querySelector('#picture-addresses')?.textContent))

/**
 * Where the picture of a product is. Those that the page brings along are known by their content and may be on another server; all others are where the
 * sale says.
 * @param {string} image
 * @param {string} base
 */
export function pictureAddress(image, base) {
  const url = new URL(image, base)
  return (url.origin === location.origin ? addresses.get(url.pathname) : undefined) ?? url.href
}

/**
 * @param {string | null | undefined} json
 * @returns {readonly (readonly [string, string])[]}
 */
function entriesOf(json) {
  /** @type {unknown} */
  const known = JSON.parse(json || '{}')
  const entries = typeof known === 'object' && known !== null ? Object.entries(known) : []
  return entries.flatMap(([path, address]) => (typeof address === 'string' ? [[path, address]] : []))
}
