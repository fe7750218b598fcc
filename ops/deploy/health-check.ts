// The container's health check: ends well if the node beside it answers on its ops port. It reads the same variables as the node.
import { loadConfig } from '../config.ts'

const answerMs = 3_000

const { config } = loadConfig({}, process.env, process.cwd())
const host = config.opsHost === '0.0.0.0' ? '127.0.0.1' : config.opsHost
const url = `http://${host.includes(':') ? `[${host}]` : host}:${config.opsPort}/healthz`
const isAlive = await fetch(url, { signal: AbortSignal.timeout(answerMs) }).then(
  ({ ok }) => ok,
  () => false,
)
if (!isAlive) {
  process.stderr.write(`${url} does not answer\n`)
  process.exitCode = 1
}
