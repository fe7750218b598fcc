// @ts-check
/** @import { Ban } from '../../../protocol/ban.ts' */
/** @import { Desk } from './app.js' */
import { element, pressButton, setText } from '../../../gateway/page/element.js'
import { confirmed, messageOf } from './dialogs.js'
import { table } from './tables.js'
import { counted, timeText } from './words.js'

const shownMax = 200
const hourMs = 3_600_000

/** Who is kept out, on all gateways. */
export class BansPage {
  title = 'Bans'
  root
  #desk
  #count = element('p', { class: 'soft', role: 'status' })
  #rows = element('tbody')
  #notice = element('p', { class: 'notice', role: 'alert' })
  #kind = element(
    'select',
    { name: 'kind' },
    element('option', { value: 'user' }, 'User'),
    element('option', { value: 'range' }, 'Range of addresses'),
  )
  #target = element('input', {
    name: 'target',
    required: true,
    maxlength: '64',
    spellcheck: 'false',
    autocomplete: 'off',
    'data-testid': 'ban-target',
    placeholder: 'ann, or 203.0.113.0/24',
  })
  #hours = element('input', { name: 'hours', type: 'number', min: '1', max: '87600', placeholder: 'for good', 'data-testid': 'ban-hours' })
  #reason = element('input', { name: 'reason', maxlength: '200', autocomplete: 'off' })

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    const go = element('button', { type: 'submit', class: 'button small', 'data-testid': 'ban' }, 'Ban…')
    const form = element(
      'form',
      { class: 'inline' },
      element('label', {}, 'Kind', this.#kind),
      element('label', {}, 'Name or range', this.#target),
      element('label', {}, 'Hours', this.#hours),
      element('label', {}, 'Reason', this.#reason),
      go,
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#add()
    })
    this.root = element(
      'div',
      { class: 'page' },
      element('h1', {}, 'Bans'),
      form,
      this.#notice,
      this.#count,
      table('Bans', ['Kind', 'Who', 'Until', 'Reason', 'Since', ''], this.#rows),
    )
  }

  show() {
    void this.#load()
  }

  async #load() {
    try {
      const { total, bans } = await this.#desk.api.call('ban.list', 0, shownMax)
      setText(this.#notice, '')
      setText(
        this.#count,
        total > shownMax
          ? `${counted(total, 'ban')}; the first ${shownMax} are shown.`
          : total === 0
            ? 'Nobody is banned.'
            : counted(total, 'ban'),
      )
      this.#rows.replaceChildren(...bans.map((ban) => this.#row(ban)))
    } catch (error) {
      setText(this.#notice, messageOf(error))
    }
  }

  /** @param {Ban} ban */
  #row({ kind, target, until, reason, bannedAt }) {
    const lift = pressButton(
      { class: 'button quiet small', 'aria-label': `Lift the ban of ${target}` },
      'Lift',
      () => void this.#lift(kind, target),
    )
    const cells = [kind, element('code', {}, target), until === null ? 'for good' : timeText(until), reason, timeText(bannedAt), lift]
    return element(
      'tr',
      { 'data-testid': `ban-${target}` },
      ...cells.map((cell) => element('td', cell === lift ? { class: 'do' } : {}, cell)),
    )
  }

  async #add() {
    const kind = this.#kind.value
    const target = this.#target.value.trim()
    const hours = this.#hours.value === '' ? undefined : this.#hours.valueAsNumber
    const isDone = await confirmed({
      title: `Ban ${target}`,
      effects: banEffects(kind, hours),
      action: 'Ban',
      grave: true,
      run: async () => {
        const until = hours === undefined ? null : Date.now() + hours * hourMs
        await this.#desk.api.call('ban.add', kind, target, until, this.#reason.value.trim() === '' ? null : this.#reason.value.trim())
      },
    })
    if (!isDone) return
    this.#desk.notices.done(`${target} is banned.`)
    this.#target.value = ''
    this.#reason.value = ''
    await this.#load()
  }

  /**
   * @param {Ban['kind']} kind
   * @param {string} target
   */
  async #lift(kind, target) {
    const isDone = await confirmed({
      title: `Lift the ban of ${target}`,
      effects: [kind === 'user' ? 'They may connect and buy again.' : 'Whoever comes from there may connect and buy again.'],
      action: 'Lift the ban',
      run: async () => {
        await this.#desk.api.call('ban.remove', kind, target)
      },
    })
    if (isDone) await this.#load()
  }
}

/**
 * @param {string} kind
 * @param {number | undefined} hours
 */
export function banEffects(kind, hours) {
  const whom = kind === 'user' ? 'The user is kept out' : 'Everybody from these addresses is kept out'
  return [
    `${whom} on all gateways at once, ${hours === undefined ? 'for good' : `for ${counted(hours, 'hour')}`}.`,
    'Open connections are closed.',
    'What they hold or wait for stays theirs until its own end; orders go on.',
  ]
}
