// @ts-check
import { element } from '../../../gateway/page/element.js'
import { counted } from './words.js'

/**
 * @typedef {object} Field
 * @property {string} label
 * @property {string} name its place in what is sent, by which the server names it when something is wrong with it
 * @property {string} [type]
 * @property {string} [value]
 * @property {string} [hint]
 * @property {Record<string, string | boolean>} [attributes]
 */

/**
 * @param {Field} field
 * @param {string} [prefix] before its name
 */
export function fieldOf({ label, name, type = 'text', value = '', hint = '', attributes = {} }, prefix = '') {
  const input = element('input', { type, name: `${prefix}${name}`, value, autocomplete: 'off', ...attributes })
  const note = hint === '' ? '' : element('span', { class: 'hint' }, hint)
  return element('label', {}, element('span', {}, label), input, note, element('span', { class: 'field-problem' }))
}

/**
 * Puts what is wrong beside the field that it is about, and the focus on the first of them.
 * @param {HTMLElement} form
 * @param {readonly string[]} problems each names its place first, such as `skus[0].stock: must be at least 0`
 */
export function markProblems(form, problems) {
  for (const input of form.querySelectorAll('input')) {
    const problem = problems.find((one) => one.startsWith(`${input.name}:`))
    const note = input.parentElement?.querySelector('.field-problem')
    if (note instanceof HTMLElement) note.textContent = problem === undefined ? '' : problem.slice(input.name.length + 2)
    if (problem === undefined) input.removeAttribute('aria-invalid')
    else input.setAttribute('aria-invalid', 'true')
  }
  const first = form.querySelector('[aria-invalid]')
  if (first instanceof HTMLElement && !form.hidden) first.focus()
}

/**
 * The same as a list, which is read out.
 * @param {HTMLElement} place
 * @param {readonly string[]} problems
 */
export function tellProblems(place, problems) {
  if (problems.length === 0) return place.replaceChildren()
  const list = element('ul', {}, ...problems.map((problem) => element('li', {}, problem)))
  place.replaceChildren(element('p', {}, `${counted(problems.length, 'thing')} to put right:`), list)
}

/**
 * What the form says there, without spaces around it; empty if there is no such field.
 * @param {HTMLElement} form
 * @param {string} name
 */
export function textIn(form, name) {
  return inputIn(form, name)?.value.trim() ?? ''
}

/**
 * @param {HTMLElement} form
 * @param {string} name
 */
export function inputIn(form, name) {
  const found = form.querySelector(`input[name="${name}"]`)
  return found instanceof HTMLInputElement ? found : undefined
}

/**
 * Nothing where nothing is written, so that the server's own defaults and complaints apply.
 * @param {string} name
 * @param {string | number | undefined} value
 */
export function given(name, value) {
  return value === undefined || value === '' ? {} : { [name]: value }
}

/**
 * Undefined if nothing is written; the text itself if it is no number, for the server to complain of.
 * @param {string} text
 * @param {number} [times] from what people write to what is sent, such as seconds to ms
 */
export function numberOf(text, times = 1) {
  if (text === '') return undefined
  const value = Number(text.replace(',', '.'))
  // Rounded, for 19.99 x 100 is not 1999 in floating point.
  return Number.isFinite(value) ? Math.round(value * times * 1e6) / 1e6 : text
}

/**
 * The time in ms since 1970 that a field of type `datetime-local` says; undefined if it says none.
 * @param {string} text
 */
export function timeOf(text) {
  return text === '' ? undefined : new Date(text).getTime()
}

/**
 * A time as a field of type `datetime-local` has it.
 * @param {number} at
 */
export function localTime(at) {
  const date = new Date(at)
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
}
