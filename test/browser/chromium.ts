import { access, constants } from 'node:fs/promises'
import { type Browser, chromium } from 'playwright-core'

const debianPath = '/usr/bin/chromium'

/** Starts the browser that the variable CHROMIUM names, or else Debian's. Rejects with what to install if there is none. */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? debianPath
  try {
    await access(executablePath, constants.X_OK)
  } catch (error) {
    const advice = 'install the Debian package chromium (scripts/install-servers.sh does), or set CHROMIUM to the path of a Chromium'
    throw new Error(`there is no browser at ${executablePath}: ${advice}`, { cause: error })
  }
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] })
}
