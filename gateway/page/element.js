// @ts-check

/** @typedef {Record<string, string | boolean | undefined>} Attributes `true` sets an empty attribute; `false` and `undefined` leave it out. */

/**
 * Makes an HTML element. Text becomes text nodes, never markup, so nothing that a server sends can turn into code.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children)
}

/**
 * Makes an SVG element.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Node} children
 */
export function drawing(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

/**
 * A button that does something at once; it is never of the kind that submits a form.
 * @param {Attributes} attributes
 * @param {string} label
 * @param {() => void} onPress
 */
export function pressButton(attributes, label, onPress) {
  const button = element('button', { type: 'button', class: 'button', ...attributes }, label)
  button.addEventListener('click', () => {
    if (button.ariaDisabled !== 'true') onPress()
  })
  return button
}

/**
 * Switches a button off without `disabled`, which would throw the keyboard's focus away.
 * @param {HTMLButtonElement} button
 * @param {boolean} enabled
 */
export function setEnabled(button, enabled) {
  const value = enabled ? 'false' : 'true'
  if (button.ariaDisabled !== value) button.ariaDisabled = value
}

/**
 * Writes text only where it differs: a live page is mostly things that stayed the same.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/**
 * The part of the static page with this selector; the page is ours, so that it is missing is a bug.
 * @template {Element} E
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => E} kind
 * @returns {E}
 */
export function part(root, selector, kind) {
  const found = root.querySelector(selector)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${selector}`)
}

/**
 * @template {Element} E
 * @param {E} node
 * @param {Attributes} attributes
 * @param {readonly (Node | string)[]} children
 */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value)
  }
  node.append(...children)
  return node
}
