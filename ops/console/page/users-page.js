// @ts-check
/** @import { HistoryEntry, Order, OwnedClaim } from '../../../protocol/results.ts' */
/** @import { KnownUser } from '../answers.ts' */
/** @import { Desk } from './app.js' */
import { element, pressButton, setText } from '../../../gateway/page/element.js'
import { banEffects } from './bans-page.js'
import { confirmed, messageOf } from './dialogs.js'
import { journeyParts } from './journey.js'
import { orderLink } from './orders-page.js'
import { table } from './tables.js'
import { counted, digits, price, timeText } from './words.js'

/** Finds a user: what they have, what they did, and from the journal why it came so. */
export class UsersPage {
  title = 'Users'
  root
  #desk
  #user = element('input', {
    type: 'search',
    name: 'user',
    required: true,
    maxlength: '64',
    spellcheck: 'false',
    autocomplete: 'off',
    'data-testid': 'user',
  })
  #notice = element('p', { class: 'notice', role: 'alert' })
  #found = element('div', { class: 'found', 'data-testid': 'found' })
  #asked = ''

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    const go = element('button', { type: 'submit', class: 'button small', 'data-testid': 'find-user' }, 'Find')
    const form = element('form', { class: 'inline', role: 'search' }, element('label', {}, 'User', this.#user), go)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const hash = `#/users/${encodeURIComponent(this.#user.value)}`
      if (location.hash === hash) void this.#find(this.#user.value)
      else location.hash = hash
    })
    this.root = element('div', { class: 'page' }, element('h1', {}, 'Users'), form, this.#notice, this.#found)
  }

  /** @param {readonly string[]} rest */
  show([user = '']) {
    if (user === '' || user === this.#asked) return
    this.#user.value = user
    void this.#find(user)
  }

  /** @param {string} user */
  async #find(user) {
    this.#asked = user
    setText(this.#notice, '')
    this.#found.replaceChildren(element('p', { class: 'soft', role: 'status' }, 'Looking…'))
    const { api } = this.#desk
    try {
      const [known, { claims }, orders, { entries }] = await Promise.all([
        api.call('user.get', user),
        api.call('resume', user),
        api.call('order.list', user),
        api.call('user.history', user, null, 20),
      ])
      if (this.#asked !== user) return
      const journey = element('section', { class: 'journey', 'data-testid': 'journey' })
      this.#found.replaceChildren(this.#about(known), claimsPart(claims), ordersPart(orders), historyPart(entries), journey)
      await this.#journey(user, journey)
    } catch (error) {
      if (this.#asked !== user) return
      this.#found.replaceChildren()
      setText(this.#notice, messageOf(error))
      this.#asked = ''
    }
  }

  /**
   * Read from the whole journal, so it comes later than the rest.
   * @param {string} user
   * @param {HTMLElement} place
   */
  async #journey(user, place) {
    const again = pressButton({ class: 'button quiet small' }, 'Read it again', () => void this.#journey(user, place))
    const status = element('p', { class: 'soft', role: 'status' }, 'Reading the journal…')
    place.replaceChildren(element('h2', {}, 'Journey'), status)
    try {
      const { journey } = await this.#desk.api.get('journey', { user })
      place.replaceChildren(element('h2', {}, 'Journey'), ...journeyParts(journey), again)
    } catch (error) {
      place.replaceChildren(element('h2', {}, 'Journey'), element('p', { class: 'notice', role: 'alert' }, messageOf(error)), again)
    }
  }

  /** @param {KnownUser} known */
  #about({ user, displayName, tier, attachedTo, firstSeenAt, lastSeenAt }) {
    const ban = pressButton({ class: 'button quiet small', 'data-testid': 'ban-user' }, 'Ban…', () => void this.#ban(user))
    const facts = [
      ['Name', displayName ?? '–'],
      ['Tier', tier ?? '–'],
      ['First seen', firstSeenAt === null ? 'never' : timeText(firstSeenAt)],
      ['Last seen', lastSeenAt === null ? 'never' : timeText(lastSeenAt)],
      ['Connected to', attachedTo.length === 0 ? 'no gateway' : attachedTo.join(', ')],
    ]
    const list = element(
      'dl',
      { class: 'facts' },
      ...facts.map(([name = '', text = '']) => element('div', {}, element('dt', {}, name), element('dd', {}, text))),
    )
    return element('section', {}, element('header', { class: 'row' }, element('h2', {}, element('code', {}, user)), ban), list)
  }

  /** @param {string} user */
  async #ban(user) {
    const isDone = await confirmed({
      title: `Ban ${user}`,
      effects: banEffects('user', undefined),
      action: 'Ban',
      grave: true,
      run: async () => {
        await this.#desk.api.call('ban.add', 'user', user)
      },
    })
    if (isDone) this.#desk.notices.done(`${user} is banned.`)
  }
}

/** @param {readonly OwnedClaim[]} claims */
function claimsPart(claims) {
  const heading = element('h2', {}, 'Has now')
  if (claims.length === 0) return element('section', {}, heading, element('p', { class: 'soft' }, 'Nothing in any sale.'))
  const rows = claims.map((claim) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('code', {}, claim.sku)),
      element('td', {}, claim.state),
      element('td', {}, ...claimText(claim)),
    ),
  )
  return element('section', { 'data-testid': 'claims' }, heading, table('Claims', ['SKU', 'State', ''], element('tbody', {}, ...rows)))
}

/**
 * @param {OwnedClaim} claim
 * @returns {readonly (Node | string)[]}
 */
function claimText(claim) {
  switch (claim.state) {
    case 'lobby':
      return [`opens ${timeText(claim.opensAt)}`]
    case 'queued':
      return [`ticket ${digits(claim.ticket)}, ${counted(claim.ahead, 'person', 'people')} ahead`]
    case 'held':
      return [`${counted(claim.qty, 'unit')} until ${timeText(claim.expiresAt)}`]
    case 'none':
    case 'soldout':
    case 'expired':
      return []
    default:
      return [orderLink(claim.order), ` ${price(claim.amountMinor, claim.currency)}`]
  }
}

/** @param {readonly Order[]} orders */
function ordersPart(orders) {
  const heading = element('h2', {}, 'Orders')
  if (orders.length === 0) return element('section', {}, heading, element('p', { class: 'soft' }, 'None that has ended.'))
  const rows = orders.map(({ order, sku, state, qty, amountMinor, currency, updatedAt }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, orderLink(order)),
      ...[element('code', {}, sku), state, counted(qty, 'unit')].map((cell) => element('td', {}, cell)),
      element('td', { class: 'number' }, price(amountMinor, currency)),
      element('td', {}, timeText(updatedAt)),
    ),
  )
  return element(
    'section',
    {},
    heading,
    table('Orders', ['Order', 'SKU', 'State', 'Units', 'Amount', 'Since'], element('tbody', {}, ...rows)),
  )
}

/** @param {readonly HistoryEntry[]} entries */
function historyPart(entries) {
  const visits = entries.filter(({ kind }) => kind === 'visit')
  if (visits.length === 0) return ''
  return element('section', {}, element('h2', {}, 'Visits'), element('p', {}, visits.map(({ at }) => timeText(at)).join(' · ')))
}
