// @ts-check
import { element } from '../../../gateway/page/element.js'

/**
 * A table that can be scrolled by keyboard where it is wider than its place.
 * @param {string} caption
 * @param {readonly string[]} columns
 * @param {...HTMLElement} bodies
 */
export function table(caption, columns, ...bodies) {
  const isNumber = (/** @type {string} */ name) =>
    /\/s$|^Refused|^Per second|^In all|^Shards|^Journal|^Attempts|^Amount|^Before|^After|^Counts now|^Started with/.test(name)
  const heads = columns.map((name, i) =>
    element('th', { scope: 'col', class: isNumber(name) || (name === 'Let through' && i > 1) ? 'number' : '' }, name),
  )
  const content = element(
    'table',
    {},
    element('caption', { class: 'unseen' }, caption),
    element('thead', {}, element('tr', {}, ...heads)),
    ...bodies,
  )
  return element('div', { class: 'scrolled', tabindex: '0', role: 'group', 'aria-label': caption }, content)
}
