import { element, pressButton, setEnabled, setText } from '../../../gateway/page/element.js'
// @ts-check
import { ApiError } from './api.js'
import { durationText } from './words.js'

/**
 * @typedef {object} Ask
 * @property {string} title
 * @property {readonly string[]} effects what it will do, in sentences
 * @property {string} action the word on the button that does it
 * @property {boolean} [grave] it cannot be taken back
 * @property {readonly HTMLElement[]} [fields] what has to be filled in
 * @property {() => Promise<void>} run does it; what it throws is shown, and the dialog stays
 */

/**
 * Asks before something is done. The browser's own dialog keeps the focus inside, ends with Escape, and gives the focus back.
 * @param {Ask} ask
 * @returns {Promise<boolean>} whether it was done
 */
export function confirmed({ title, effects, action, grave = false, fields = [], run }) {
  return new Promise((resolve) => {
    const notice = element('p', { class: 'notice', role: 'alert' })
    const go = element('button', { type: 'submit', class: grave ? 'button grave' : 'button', 'data-testid': 'confirm' }, action)
    const back = pressButton({ class: 'button quiet', 'data-testid': 'cancel' }, 'Cancel', () => dialog.close())
    const heading = element('h2', { id: 'dialog-title' }, title)
    const list = element('ul', { class: 'effects', 'data-testid': 'effects' }, ...effects.map((effect) => element('li', {}, effect)))
    const form = element('form', { method: 'dialog' }, heading, list, ...fields, notice, element('div', { class: 'buttons' }, go, back))
    const dialog = element('dialog', { class: 'ask', 'aria-labelledby': 'dialog-title' }, form)
    let isDone = false
    let isBusy = false
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (isBusy || !form.reportValidity()) return
      isBusy = true
      setEnabled(go, false)
      setText(notice, '')
      run()
        .then(
          () => {
            isDone = true
            dialog.close()
          },
          (/** @type {unknown} */ error) => setText(notice, messageOf(error)),
        )
        .finally(() => {
          isBusy = false
          setEnabled(go, true)
        })
    })
    // What is under way is not known to be undone by closing the dialog: it stays until there is an answer.
    dialog.addEventListener('cancel', (event) => {
      if (isBusy) event.preventDefault()
    })
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(isDone)
    })
    document.body.append(dialog)
    dialog.showModal()
    const first = fields.flatMap((field) => [...field.querySelectorAll('input, select, textarea')])[0]
    if (first instanceof HTMLElement) first.focus()
    else if (grave) back.focus()
    else go.focus()
  })
}

/** @param {unknown} error */
export function messageOf(error) {
  if (!(error instanceof Error)) return String(error)
  const waitMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
  return waitMs < 1_000 ? error.message : `${error.message} (${durationText(waitMs)})`
}
