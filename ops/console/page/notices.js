// @ts-check
import { element, part, pressButton, setText } from '../../../gateway/page/element.js'

const shownMs = 8_000

/** Says in a corner what was done, and to screen readers. */
export class Notices {
  #place = part(document, '#notices', HTMLElement)
  #announcer = part(document, '#announcer', HTMLElement)

  /** @param {string} text */
  done(text) {
    setText(this.#announcer, text)
    this.#show(text, 'done')
  }

  /** @param {string} text */
  failed(text) {
    setText(this.#announcer, text)
    this.#show(text, 'failed')
  }

  /**
   * @param {string} text
   * @param {'done' | 'failed'} kind
   */
  #show(text, kind) {
    const remove = () => {
      clearTimeout(timer)
      notice.remove()
    }
    const close = pressButton({ class: 'close', 'aria-label': 'Dismiss' }, '×', remove)
    const notice = element('div', { class: `notice-card ${kind}`, 'data-testid': `notice-${kind}` }, element('p', {}, text), close)
    this.#place.append(notice)
    const timer = setTimeout(remove, kind === 'done' ? shownMs : 4 * shownMs)
  }
}
