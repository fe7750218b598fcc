// Takes the pictures of docs/console.md: the console on a desktop, light, and on a tablet, dark, in the middle of a real rush.
// Needs a Chromium, and a build: node scripts/build.mjs && node scripts/take-console-pictures.mjs
import { fileURLToPath } from 'node:url'
import { startChromium } from '../dist/test/browser/chromium.js'
import { ConsolePage } from '../dist/test/browser/console-page.js'
import { RunningNode } from '../dist/test/running-node.js'
import { SluiceProcess } from '../dist/test/sluice-process.js'

const desktop = { viewport: { width: 1280, height: 880 }, deviceScaleFactor: 1.5, colorScheme: 'light', reducedMotion: 'reduce' }
const tablet = { viewport: { width: 820, height: 1100 }, deviceScaleFactor: 1.5, colorScheme: 'dark', reducedMotion: 'reduce' }
const shoppers = 1_800
/** Units sold of all SKUs, and people in line, before the pictures are taken: the charts have something to tell by then. */
const soldMin = 250
const lineMin = 60
const patienceMs = 90_000

const demo = await RunningNode.start({ command: 'demo', settings: { logLevel: 'info' } })
const browser = await startChromium()
try {
  const [onDesktop, onTablet] = await Promise.all([desktop, tablet].map(visit))
  await onDesktop.saleIs('giusto', 'open')
  const habits = ['--arrive-seconds', '45', '--think-ms', '9000', '--leave-share', '0.2', '--decline-share', '0.1']
  const node = ['--url', `ws://127.0.0.1:${demo.ports.web}`, '--rpc', `127.0.0.1:${demo.ports.rpc}`, '--data-folder', demo.dataFolder]
  const crowd = new SluiceProcess(['rush', '--users', String(shoppers), ...habits, ...node])
  await until(onDesktop, ([sold, line]) => {
    const rows = [...document.querySelectorAll('tr[data-testid^=sku-]')]
    const sum = (name) => rows.reduce((all, row) => all + Number(row.dataset[name]), 0)
    return sum('sold') >= sold && sum('waiting') >= line
  })
  await picture(onDesktop, 'console-desktop.png')
  await onTablet.part('pause-giusto').click()
  await onTablet.page.locator('dialog').waitFor()
  await picture(onTablet, 'console-tablet.png')
  crowd.signal('SIGTERM')
} finally {
  await browser.close()
  await demo.stop()
}

async function visit(device) {
  const context = await browser.newContext(device)
  context.setDefaultTimeout(patienceMs)
  const page = await context.newPage()
  await page.goto(`${demo.opsUrl}/console`)
  const desk = new ConsolePage(page)
  await desk.signIn(demo.secrets.operatorKey)
  await desk.isIn()
  return desk
}

async function until({ page }, isSo) {
  await page.waitForFunction(isSo, [soldMin, lineMin], { timeout: patienceMs })
}

async function picture({ page }, name) {
  await page.screenshot({ path: fileURLToPath(new URL(`../docs/${name}`, import.meta.url)) })
}
