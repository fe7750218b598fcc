// @ts-check
/** @import { Api } from './api.js' */
import { element, setEnabled, setText } from '../../../gateway/page/element.js'
import { messageOf } from './dialogs.js'

/** The page before somebody has shown a key, and again when the session has ended. */
export class SignIn {
  root
  #key = element('input', {
    type: 'password',
    name: 'key',
    required: true,
    maxlength: '512',
    autocomplete: 'current-password',
    spellcheck: 'false',
    'data-testid': 'key',
  })
  #notice = element('p', { class: 'notice', role: 'alert', 'data-testid': 'sign-in-notice' })
  #why = element('p', { class: 'why', role: 'status', 'data-testid': 'sign-in-why' })

  /**
   * @param {Api} api
   * @param {() => void} onSignedIn
   */
  constructor(api, onSignedIn) {
    const go = element('button', { type: 'submit', class: 'button', 'data-testid': 'sign-in' }, 'Sign in')
    const form = element('form', { class: 'sign-in' }, element('label', {}, 'Key of the operators', this.#key), this.#notice, go)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (go.ariaDisabled === 'true') return
      setEnabled(go, false)
      setText(this.#notice, '')
      api
        .signIn(this.#key.value)
        .then(
          () => {
            this.#key.value = ''
            onSignedIn()
          },
          (/** @type {unknown} */ error) => {
            setText(this.#notice, messageOf(error))
            this.#key.select()
          },
        )
        .finally(() => setEnabled(go, true))
    })
    this.root = element(
      'section',
      { class: 'sign-in-page', 'aria-labelledby': 'sign-in-title' },
      element('h1', { id: 'sign-in-title' }, 'Sluice console'),
      this.#why,
      form,
      element(
        'p',
        { class: 'soft' },
        'The key is SLUICE_OPERATOR_KEY. If none was given, the first start made one: it is ',
        element('code', {}, 'operatorKey'),
        ' in the data folder’s ',
        element('code', {}, 'secrets.json'),
        ', or in Redis for a cluster.',
      ),
    )
  }

  /** @param {string} why */
  show(why) {
    setText(this.#why, why)
    setText(this.#notice, '')
    this.#key.focus()
  }
}
