// @ts-check

const productAddress = /^#\/product\/([A-Za-z0-9._-]{1,48})$/

/**
 * The product whose page the address asks for; empty for the shop.
 * @returns {string}
 */
export function productOfAddress() {
  return productAddress.exec(location.hash)?.[1] ?? ''
}

/** @param {string} product */
export function addressOfProduct(product) {
  return `#/product/${product}`
}
