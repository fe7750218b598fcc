// Takes the README's picture, docs/shop.png: the demo shop on a desktop and on a phone, in the middle of a real rush.
// Needs a Chromium, and a build: node scripts/build.mjs && node scripts/take-pictures.mjs
import { readFile, writeFile } from 'node:fs/promises'
import { startChromium } from '../dist/test/browser/chromium.js'
import { ShopPage } from '../dist/test/browser/shop-page.js'
import { RunningNode } from '../dist/test/running-node.js'
import { SluiceProcess } from '../dist/test/sluice-process.js'

const desktop = { viewport: { width: 1280, height: 1064 }, deviceScaleFactor: 2, colorScheme: 'light', reducedMotion: 'reduce' }
const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  colorScheme: 'light',
  reducedMotion: 'reduce',
  hasTouch: true,
  isMobile: true,
}
/** So that the result is 2,000 pixels wide, twice what GitHub shows. */
const resultPixels = 2_000
const shoppers = 2_000
/** People in line for a product before its picture is taken or the line is joined. */
const lineAtJoining = 22
const patienceMs = 60_000

const demo = await RunningNode.start({ command: 'demo', settings: { logLevel: 'info' } })
const browser = await startChromium()
try {
  const [onDesktop, onPhone] = await Promise.all([desktop, phone].map(visit))
  await onDesktop.is('turntable', 'open')
  const crowd = letCrowdIn()
  await until(onDesktop, (freeMax) => Number(document.querySelector('[data-testid=stock-turntable]')?.dataset.available) < freeMax, 80)
  await onDesktop.buy('turntable')
  await onDesktop.is('turntable', 'held')
  await until(
    onDesktop,
    (lineMin) => Number(document.querySelector('[data-testid=stock-turntable]')?.dataset.waiting) >= lineMin,
    lineAtJoining,
  )
  await onDesktop.page.evaluate(() => scrollTo(0, 0))
  const desktopPicture = await onDesktop.page.screenshot()
  await until(onPhone, (lineMin) => Number(document.querySelector('[data-testid=stock-lamp]')?.dataset.waiting) >= lineMin, lineAtJoining)
  await onPhone.buy('lamp')
  await onPhone.is('lamp', 'queued')
  const first = await onPhone.ahead('lamp')
  await until(onPhone, (max) => Number(document.querySelector('[data-testid=ahead-lamp]')?.dataset.ahead) <= max, first * 0.6)
  const phonePicture = await onPhone.page.screenshot()
  crowd.signal('SIGTERM')
  await writeFile(new URL('../docs/shop.png', import.meta.url), await sideBySide([desktopPicture, phonePicture]))
} finally {
  await browser.close()
  await demo.stop()
}

async function visit(device) {
  const context = await browser.newContext(device)
  context.setDefaultTimeout(patienceMs)
  const page = await context.newPage()
  await page.goto(demo.webUrl)
  const shop = new ShopPage(page, device.hasTouch === true)
  await shop.hasProducts()
  return shop
}

/** Shoppers who think longer and change their minds more often than usual, so that a line lasts and moves. */
function letCrowdIn() {
  const habits = ['--arrive-seconds', '20', '--think-ms', '12000', '--leave-share', '0.25', '--decline-share', '0.1']
  const node = ['--url', `ws://127.0.0.1:${demo.ports.web}`, '--rpc', `127.0.0.1:${demo.ports.rpc}`, '--data-folder', demo.dataFolder]
  return new SluiceProcess(['rush', '--users', String(shoppers), ...habits, ...node])
}

async function until({ page }, isSo, value) {
  await page.waitForFunction(isSo, value, { timeout: patienceMs })
}

/** The pictures on a plain ground, drawn by the browser itself. */
async function sideBySide([left, right]) {
  const html = await readFile(new URL('./pictures/shop.html', import.meta.url), 'utf8')
  const image = (png, kind) => `<img class="${kind}" src="data:image/png;base64,${png.toString('base64')}" />`
  const content = html.replace('<body>', `<body>${image(left, 'desktop')}${image(right, 'phone')}`)
  const draft = await browser.newPage()
  await draft.setContent(content)
  const { width } = await draft.locator('body').boundingBox()
  const page = await browser.newPage({ deviceScaleFactor: resultPixels / width, viewport: { width: 2_000, height: 1_000 } })
  await page.setContent(content)
  return page.locator('body').screenshot()
}
