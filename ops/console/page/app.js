// @ts-check
/** @typedef {object} Page
 * @property {HTMLElement} root
 * @property {string} title
 * @property {(rest: readonly string[]) => void} [show] the parts of the address behind the page's own
 * @property {() => void} [update] after each look at the board
 * @property {() => void} [hide]
 */
import { part, setText } from '../../../gateway/page/element.js'
import { Api } from './api.js'
import { AuditPage } from './audit-page.js'
import { BansPage } from './bans-page.js'
import { ClusterPage } from './cluster-page.js'
import { messageOf } from './dialogs.js'
import { EditPage } from './edit-page.js'
import { FunnelPage } from './funnel-page.js'
import { LimitsPage } from './limits-page.js'
import { Live } from './live.js'
import { NewSalePage } from './new-sale-page.js'
import { Notices } from './notices.js'
import { OrdersPage } from './orders-page.js'
import { SalePage } from './sale-page.js'
import { SalesPage } from './sales-page.js'
import { SignIn } from './sign-in.js'
import { UsersPage } from './users-page.js'
import { durationText } from './words.js'

/** What every page gets. */
export class Desk {
  api
  live
  notices = new Notices()

  /**
   * @param {Api} api
   * @param {Live} live
   */
  constructor(api, live) {
    this.api = api
    this.live = live
  }
}

const warnMs = 120_000
const connectionWords = { connecting: 'Connecting', online: 'Live', offline: 'Not live' }

class App {
  #api = new Api()
  #live = new Live(this.#api, () => this.#looked())
  #desk = new Desk(this.#api, this.#live)
  #main = part(document, 'main', HTMLElement)
  #header = part(document, 'header.site', HTMLElement)
  #nav = part(document, 'nav.site', HTMLElement)
  #connection = part(document, '#connection', HTMLElement)
  #facts = part(document, '#facts', HTMLElement)
  #signIn = new SignIn(this.#api, () => this.#enter())
  /** @type {Readonly<Record<string, Page>>} */
  #pages = {
    sales: new SalesPage(this.#desk),
    sale: new SalePage(this.#desk),
    edit: new EditPage(this.#desk),
    new: new NewSalePage(this.#desk),
    funnel: new FunnelPage(this.#desk),
    users: new UsersPage(this.#desk),
    orders: new OrdersPage(this.#desk),
    bans: new BansPage(this.#desk),
    limits: new LimitsPage(this.#desk),
    cluster: new ClusterPage(this.#desk),
    audit: new AuditPage(this.#desk),
  }
  /** @type {Page | undefined} */
  #page
  #isIn = false
  #wasWarned = false

  async start() {
    this.#api.onSignedOut = () => this.#leave('Your session has ended. Sign in again to go on where you were.')
    part(document, '#sign-out', HTMLButtonElement).addEventListener('click', () => void this.#signOut())
    addEventListener('hashchange', () => this.#route(true))
    try {
      if (await this.#api.resume()) this.#enter()
      else this.#leave('')
    } catch (error) {
      this.#leave(messageOf(error))
    }
  }

  #enter() {
    this.#isIn = true
    this.#header.hidden = false
    this.#nav.hidden = false
    this.#live.start()
    this.#route(true)
  }

  /** @param {string} why */
  #leave(why) {
    this.#isIn = false
    this.#wasWarned = false
    this.#live.stop()
    this.#page?.hide?.()
    this.#page = undefined
    for (const dialog of document.querySelectorAll('dialog')) dialog.close()
    this.#header.hidden = true
    this.#nav.hidden = true
    document.title = 'Sign in – Sluice console'
    this.#main.replaceChildren(this.#signIn.root)
    this.#signIn.show(why)
  }

  async #signOut() {
    try {
      await this.#api.signOut()
    } catch {
      // A session that cannot be ended now ends by itself; this page forgets it at once.
    }
    this.#leave('You are signed out.')
  }

  /** @param {boolean} isMove whether the person goes to a page, and the focus with them */
  #route(isMove) {
    if (!this.#isIn) return
    const [name = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/').map(decoded)
    const page = this.#pages[pageNameOf(name, rest)] ?? this.#pages['sales']
    if (page === undefined) return
    if (page !== this.#page) {
      this.#page?.hide?.()
      this.#page = page
      this.#main.replaceChildren(page.root)
    }
    page.show?.(rest)
    page.update?.()
    document.title = `${page.title} – Sluice console`
    const here = name === '' ? 'sales' : name
    for (const link of this.#nav.querySelectorAll('a')) {
      if (link.hash === `#/${here}`) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
    }
    if (!isMove) return
    const heading = page.root.querySelector('h1')
    if (heading !== null) {
      heading.tabIndex = -1
      heading.focus({ preventScroll: true })
      scrollTo(0, 0)
    }
  }

  #looked() {
    const { board, isLive, endsInMs } = this.#live
    const state = isLive ? 'online' : board === undefined ? 'connecting' : 'offline'
    if (this.#connection.dataset['state'] !== state) {
      this.#connection.dataset['state'] = state
      setText(this.#connection, connectionWords[state])
    }
    if (board !== undefined) {
      const { role, durability, node, version, state: readiness } = board.process
      const ready = readiness === 'ready' ? '' : ` · ${readiness}`
      setText(this.#facts, `${role} ${node} · durability ${durability} · ${version}${ready}`)
    }
    if (!this.#isIn) return
    this.#warn(endsInMs)
    this.#page?.update?.()
  }

  /** @param {number} endsInMs */
  #warn(endsInMs) {
    if (endsInMs > warnMs) {
      this.#wasWarned = false
      return
    }
    if (this.#wasWarned) return
    this.#wasWarned = true
    this.#desk.notices.failed(
      `You will be signed out in ${durationText(endsInMs)}. Press any key to stay, unless you have been here for half a day.`,
    )
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} rest
 */
function pageNameOf(name, rest) {
  if (name !== 'sales' || rest.length === 0) return name
  return rest[1] === 'edit' ? 'edit' : 'sale'
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    // Somebody's own idea of an address: there is no such page.
    return text
  }
}

await new App().start()
