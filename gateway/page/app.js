// @ts-check
/** @import { ClaimState } from '../../protocol/results.ts' */
import { connectSocket, SluiceError } from '../../protocol/client/index.js'
import { ClaimMemory } from './claim-memory.js'
import { ConnectionSign } from './connection-sign.js'
import { Crowd } from './crowd.js'
import { askInfo, order } from './demo-api.js'
import { part, setText } from './element.js'
import { GuestPass } from './guest.js'
import { Overdue } from './overdue.js'
import { isOver } from './product-state.js'
import { ProductView } from './product-view.js'
import { productOfAddress } from './route.js'
import { ServerClock } from './server-clock.js'
import { Shelf } from './shelf.js'
import { Shop } from './shop.js'
import { WholeShop } from './whole-shop.js'

const retryMs = 1_000
const nextSaleCheckMs = 5_000
const restartTriesMax = 20

const clock = new ServerClock()
const overdue = new Overdue()
const sign = new ConnectionSign()
const pass = new GuestPass(localStorage, () => location.reload())
const shelf = new Shelf(new ClaimMemory(localStorage), () => clock.now())
const client = connectSocket({
  url: new URL('/v1/ws', location.href.replace(/^http/, 'ws')).href,
  // JSON, so that whoever is curious can read along in the browser's network panel.
  subprotocol: 'sluice.json.v1',
  token: () => pass.token(),
})
const shop = new Shop(shelf, client, clock, startNextSale, () => pass.user)
const wholeShop = new WholeShop(part(document, '#whole-shop', HTMLElement), client, clock)
const view = new ProductView(part(document, '#product-view', HTMLElement), client, clock, showCategory, showInSale)
const shopTitle = document.title
let assetBase = '/'
let shopScrolledTo = 0
const crowd = new Crowd(part(document, '#crowd', HTMLElement), clock, () => shelf.products)

client.on('state', (state) => {
  sign.update(state, clock.now())
  shop.setOnline(state.kind === 'open')
})
client.on('resumed', ({ claims }) => {
  shelf.takeAllClaims(claims)
  shop.draw()
})
client.on('line', (place) => {
  if (!shelf.takePlace(place)) void shop.askClaim(place.sku)
  shop.draw()
})
client.on('held', ({ sku, ...hold }) => take(sku, { state: 'held', ...hold }))
client.on('expired', ({ sku, ...more }) => take(sku, { ...more, state: 'expired' }))
client.on('soldout', ({ sku }) => take(sku, { state: 'soldout' }))
client.on('left', ({ sku }) => take(sku, { state: 'none' }))
client.on('order', (news) => take(news.sku, news))
client.on('sku', (status) => {
  shelf.takeStatus(status)
  shop.draw()
})
client.on('sale', () => {
  refresh().catch(reportError)
  wholeShop.refresh()
})
addEventListener('hashchange', followAddress)
client.on('fault', (error) => reportError(error))
clock.everyTick(tick)
open().catch(reportError)
lookForNextSale().catch(reportError)

/**
 * @param {string} sku
 * @param {ClaimState} claim
 */
function take(sku, claim) {
  shelf.takeClaim(sku, claim)
  shop.draw()
}

function tick() {
  const now = clock.now()
  sign.update(client.state, now)
  shop.draw()
  view.draw(shelf.products, now)
  if (client.state.kind !== 'open') return
  for (const sku of overdue.claims(shelf.products, now)) void shop.askClaim(sku)
  if (overdue.sale(shelf.products, now) || overdue.draw(shelf.products, now)) refresh().catch(reportError)
}

/** Shows the shop as soon as it answers. */
async function open() {
  while (!(await refresh())) {
    const loading = document.querySelector('.loading')
    if (loading !== null) setText(loading, 'The shop does not answer yet. We keep trying.')
    await clock.wait(retryMs)
  }
  await wholeShop.open(assetBase)
  followAddress()
  await crowd.open()
}

/** Asks which sale is on and shows it. False if the server gave no answer: the connection's sign says so, and whoever called tries again. */
async function refresh() {
  const info = await askInfo(clock)
  if (info === undefined) return false
  assetBase = info.assetBase
  try {
    const sales = await client.sales()
    const sale = sales.find(({ sale: id }) => id === info.sale) ?? sales.at(-1)
    if (sale === undefined) return false
    await shop.show(sale, info)
  } catch (error) {
    if (error instanceof SluiceError) return false
    throw error
  }
  if (info.isDemo) crowd.show()
  return true
}

/** Shows the page of the product that the address names, or the shop where one left it. */
function followAddress() {
  const product = productOfAddress()
  const body = document.body
  if (product === '') {
    if (body.dataset['view'] !== 'product') return
    delete body.dataset['view']
    document.title = shopTitle
    view.open('', assetBase).catch(reportError)
    const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null
    if (target === null) scrollTo({ top: shopScrolledTo, behavior: 'instant' })
    else target.scrollIntoView()
    return
  }
  if (body.dataset['view'] !== 'product') shopScrolledTo = scrollY
  body.dataset['view'] = 'product'
  view.open(product, assetBase).catch(reportError)
  scrollTo({ top: 0, behavior: 'instant' })
}

/** @param {string} category */
function showCategory(category) {
  leaveProduct()
  wholeShop.choose(category)
  part(document, '#whole-shop', HTMLElement).scrollIntoView()
}

/** @param {string} sku */
function showInSale(sku) {
  leaveProduct()
  shop.reveal(sku)
}

function leaveProduct() {
  history.pushState(null, '', location.pathname)
  followAddress()
}

/** Makes the next sale and waits until the page shows it. Says why not, if not. */
async function startNextSale() {
  const refused = await order('restart')
  if (refused !== undefined) return refused
  for (let tries = 0; tries < restartTriesMax; tries++) {
    if ((await refresh()) && !isOver(shelf.products)) break
    await clock.wait(retryMs)
  }
  return ''
}

/** The next sale may be started by someone else. */
async function lookForNextSale() {
  for (;;) {
    await clock.wait(nextSaleCheckMs)
    if (isOver(shelf.products)) await refresh()
  }
}
