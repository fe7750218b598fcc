import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Certificates, makeCertificates } from '../certificates.ts'
import { freePorts } from '../free-ports.ts'
import { RunningNode } from '../running-node.ts'
import { runSluice } from '../sluice-process.ts'
import { SmallCluster } from './small-cluster.ts'

let folder: string
let certificates: Certificates
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'))
  certificates = makeCertificates(folder)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('CLU-30 gateways that share a web port both serve it, and without being told to the second is refused', async () => {
  const cluster = await SmallCluster.start()
  try {
    const [webPort = 0] = await freePorts(1)
    const shared = { webPort, shareWebPort: 'yes' }
    await cluster.ready('actors')
    const gateways = [await cluster.ready('gateway', shared), await cluster.ready('gateway', shared)]
    // The system picks one by the client's port, so both have some of this many.
    const sockets = await Promise.all(Array.from({ length: 64 }, () => opened(`ws://127.0.0.1:${webPort}/v1/ws`)))
    for (const gateway of gateways) {
      const page = await (await fetch(`${gateway.opsUrl}/metrics`)).text()
      expect(Number(/^sluice_connections_open\{transport="ws"\} (\d+)$/m.exec(page)?.[1])).toBeGreaterThan(0)
    }
    for (const socket of sockets) socket.terminate()
    const { code, err } = await cluster.launch('gateway', { webPort }).run.finished
    expect(err).toContain(`port ${webPort}: the port is in use`)
    expect(code).toBe(1)
  } finally {
    await cluster.stop()
  }
})

test('CLU-31 with a certificate the web and RPC ports speak TLS and nothing else', async () => {
  const { caFile, certFile, keyFile } = certificates
  const node = await RunningNode.start({ settings: { shards: 1, tlsCertFile: certFile, tlsKeyFile: keyFile } })
  try {
    const environment = { NODE_EXTRA_CA_CERTS: caFile }
    const rpc = `127.0.0.1:${node.ports.rpc}`
    expect(await runSluice(['sale', 'list', '--rpc', `tls://${rpc}`], { environment })).toMatchObject({ code: 0, err: '' })
    expect(await runSluice(['sale', 'list', '--rpc', `tls://${rpc}`])).toMatchObject({ code: 1 })
    expect(await secureStatus(node.ports.web, await readFile(caFile, 'utf8'))).toBe(200)
    await expect(fetch(`${node.webUrl}/`)).rejects.toThrow('fetch failed')
  } finally {
    await node.stop()
  }
})

test('CLU-32 certificate files that cannot be used are one line each that names the setting', async () => {
  const { certFile, caFile, keyFile } = certificates
  const other = await mkdtemp(join(folder, 'other-'))
  const noPem = join(folder, 'no.pem')
  await writeFile(noPem, 'nothing')
  const strange = makeCertificates(other)
  const cases: readonly (readonly [certificate: string, key: string, line: RegExp])[] = [
    [join(folder, 'missing'), keyFile, /^sluice: tlsCertFile: .*missing cannot be read: there is no such file$/],
    [noPem, keyFile, /^sluice: tlsCertFile: .* is no certificate in PEM$/],
    [certFile, noPem, /^sluice: tlsKeyFile: .* is no private key in PEM/],
    [certFile, strange.keyFile, /^sluice: tlsKeyFile: .* is not the key of /],
  ]
  const ports = ['--web-port', '0', '--rpc-port', '0', '--ops-port', '0', '--shards', '1', '--data-folder', join(folder, 'data')]
  for (const [certificate, key, line] of cases) {
    const { code, err } = await runSluice(['start', ...ports, '--tls-cert-file', certificate, '--tls-key-file', key])
    expect(err.trimEnd()).toMatch(line)
    expect(code).toBe(1)
  }
  expect((await runSluice(['start', ...ports, '--tls-cert-file', caFile])).err).toBe(
    'sluice: tlsKeyFile: missing, and tlsCertFile is of no use without it\n',
  )
})

function opened(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, 'sluice.json.v1')
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })
}

function secureStatus(port: number, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, ca, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).once('error', reject)
  })
}
