import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { parseNatsServer } from '../../cluster/nats-options.ts'
import { parseRedisUrl } from '../../cluster/redis-url.ts'
import { runProgram } from '../../ops/cli/program.ts'
import { RecordingTerminal } from '../../ops/cli/recording-terminal.ts'
import { type Config, loadConfig } from '../../ops/config.ts'
import {
  type ComposeFile,
  type ComposeService,
  exampleVariables,
  mountsOf,
  nodesOf,
  projectFolder,
  readComposeFile,
} from './compose-file.ts'
import { imageVariables } from './docker-file.ts'
import { readPlainYaml } from './plain-yaml.ts'

let folder = ''
let compose: ComposeFile

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-deploy-'))
  const secret = 'a'.repeat(64)
  compose = readComposeFile(Object.fromEntries(exampleVariables().map((name) => [name, secret])))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the node of a service would see. */
function environmentOf(one: ComposeService): Readonly<Record<string, string>> {
  return { ...imageVariables(), ...one.environment, SLUICE_DATA_FOLDER: folder }
}

function configOf(one: ComposeService): Config {
  return loadConfig({}, environmentOf(one), folder).config
}

function networksOf({ networks }: ComposeService): readonly string[] {
  return Array.isArray(networks) ? networks : Object.keys(networks)
}

function fixedAddressesOf({ networks }: ComposeService): readonly string[] {
  return Array.isArray(networks) ? [] : Object.values(networks).map((one) => one.ipv4_address)
}

/** The service at a name or fixed address, if `from` is in a network with it. */
function reached(from: ComposeService, host: string): string | undefined {
  const found = Object.entries(compose.services).find(([name, one]) => name === host || fixedAddressesOf(one).includes(host))
  const isNear = found !== undefined && networksOf(found[1]).some((network) => networksOf(from).includes(network))
  return isNear ? found[0] : undefined
}

test('DEP-1 the compose file is a cluster: three NATS, Redis with a replica and three Sentinels, gateways, actors, orders, what is before and beside', () => {
  expect(Object.keys(compose.services).toSorted()).toEqual([
    ...['actors-1', 'actors-2', 'actors-3', 'gateway-1', 'gateway-2', 'grafana'],
    ...['nats-1', 'nats-2', 'nats-3', 'nginx', 'orders-1', 'prometheus'],
    ...['redis-1', 'redis-2', 'sentinel-1', 'sentinel-2', 'sentinel-3'],
  ])
  expect(Object.fromEntries(nodesOf(compose).map(([name, { command }]) => [name, command]))).toEqual({
    'gateway-1': ['start', '--role', 'gateway'],
    'gateway-2': ['start', '--role', 'gateway'],
    'actors-1': ['start', '--role', 'actors'],
    'actors-2': ['start', '--role', 'actors'],
    'actors-3': ['start', '--role', 'actors'],
    'orders-1': ['start', '--role', 'orders'],
  })
})

test('DEP-2 every variable of a node is a setting with a value that is allowed, and every command line is one of ours', async () => {
  for (const [name, one] of nodesOf(compose)) {
    const environment = environmentOf(one)
    expect(loadConfig({}, environment, folder).unknownVariables, name).toEqual([])
    const terminal = Object.assign(new RecordingTerminal(folder), { environment })
    const started: Config[] = []
    const code = await runProgram(one.command ?? [], terminal, (config) => {
      started.push(config)
      return Promise.resolve({ ended: Promise.resolve(), stop: () => Promise.resolve() })
    })
    expect({ code, complained: terminal.complained, roles: started.map(({ role }) => role) }, name).toEqual({
      code: 0,
      complained: '',
      roles: [name.replace(/-\d$/, '')],
    })
  }
})

test('DEP-2 a variable that is no setting and a value that is not allowed would be found', () => {
  const [, one] = nodesOf(compose)[0] ?? []
  const environment = { ...one?.environment, SLUICE_ROLL: 'gateway' }
  expect(loadConfig({}, environment, folder).unknownVariables).toEqual(['SLUICE_ROLL'])
  expect(() => loadConfig({}, { ...environment, SLUICE_DURABILITY: 'replica=1' }, folder)).toThrow('durability')
})

test('DEP-3 every file that a service mounts is there, and every volume and network that it names is declared', () => {
  for (const [name, one] of Object.entries(compose.services)) {
    for (const { source, target } of mountsOf(one)) {
      if (source.startsWith('./')) expect(existsSync(join(projectFolder, source)), `${name}: ${source}`).toBe(true)
      else expect(Object.keys(compose.volumes), name).toContain(source)
      expect(target, name).toMatch(/^\//)
    }
    for (const network of networksOf(one)) expect(Object.keys(compose.networks), name).toContain(network)
    for (const other of one.depends_on) expect(Object.keys(compose.services), name).toContain(other)
    for (const path of (one.command ?? []).filter((word) => word.startsWith('/etc/'))) {
      const mount = mountsOf(one).find(({ target }) => path === target || path.startsWith(`${target}/`))
      expect(mount, `${name}: ${path} is mounted`).toBeDefined()
      expect(existsSync(join(projectFolder, path.replace(mount?.target ?? '', mount?.source ?? ''))), `${name}: ${path}`).toBe(true)
    }
  }
})

test('DEP-4 every address that a service is given is one that it can reach', () => {
  for (const [name, one] of nodesOf(compose)) {
    const { natsUrl = '', redisUrl = '' } = configOf(one)
    const nats = natsUrl.split(',').map(parseNatsServer)
    expect(
      nats.map((server) => [reached(one, server?.host ?? ''), server?.port]),
      name,
    ).toEqual([
      ['nats-1', 4222],
      ['nats-2', 4222],
      ['nats-3', 4222],
    ])
    const { endpoints, primaryName } = parseRedisUrl(redisUrl)
    expect(
      endpoints.map(({ host, port }) => [reached(one, host), port]),
      name,
    ).toEqual([
      ['sentinel-1', 26_379],
      ['sentinel-2', 26_379],
      ['sentinel-3', 26_379],
    ])
    const sentinels = endpoints.map(({ host }) => compose.services[host])
    for (const sentinel of sentinels) {
      const [, , , watched, host = '', port] = sentinel?.command ?? []
      expect([watched, sentinel === undefined ? undefined : reached(sentinel, host), port], name).toEqual([primaryName, 'redis-1', '6379'])
    }
  }
  const { 'redis-2': replica, nginx } = compose.services
  expect(replica === undefined ? undefined : reached(replica, replica.command?.at(-2) ?? '')).toBe('redis-1')
  const upstreams = [...readDeployFile('nginx/nginx.conf').matchAll(/^\s+server ([\w-]+):(\d+)/gm)].map(([, host = '', port]) => [
    host,
    port,
  ])
  expect(upstreams).toEqual([
    ['gateway-1', '7080'],
    ['gateway-2', '7080'],
  ])
  for (const [host = ''] of upstreams) expect(nginx === undefined ? undefined : reached(nginx, host)).toBe(host)
})

test('DEP-4 gateways believe the proxy, and only the proxy, about who the client is', () => {
  const { nginx } = compose.services
  for (const [name, one] of nodesOf(compose)) {
    const { trustedProxies } = configOf(one)
    expect(trustedProxies, name).toEqual(nginx === undefined ? [] : fixedAddressesOf(nginx))
  }
})

test('DEP-4 nothing of NATS and Redis is published, and the ops ports stay inside', () => {
  const published = Object.entries(compose.services).flatMap(([name, { ports }]) => ports.map((port) => `${name} ${port}`))
  expect(published).toEqual([
    'gateway-1 127.0.0.1:7082:7082',
    'gateway-2 127.0.0.1:7092:7082',
    'nginx 8080:8080',
    'grafana 127.0.0.1:3000:3000',
  ])
  expect(compose.networks['inside']?.internal).toBe(true)
})

const scrape = z.looseObject({
  scrape_configs: z.array(
    z.strictObject({ job_name: z.string(), static_configs: z.tuple([z.strictObject({ targets: z.array(z.string()) })]) }),
  ),
})

const sources = z.object({ datasources: z.tuple([z.object({ url: z.string() })]) })

test('DEP-5 Prometheus asks the ops port of every node, and Grafana asks Prometheus', () => {
  const { scrape_configs: jobs } = scrape.parse(readPlainYaml(readDeployFile('prometheus/prometheus.yml')))
  const targets = jobs.flatMap(({ job_name: job, static_configs: [one] }) => one.targets.map((target) => `${job} ${target}`))
  const nodes = nodesOf(compose).map(([name, one]) => `${one.command?.at(-1)} ${name}:${configOf(one).opsPort}`)
  expect(targets.toSorted()).toEqual(nodes.toSorted())
  const { prometheus } = compose.services
  for (const [name] of nodesOf(compose)) expect(prometheus === undefined ? undefined : reached(prometheus, name)).toBe(name)
  const { datasources } = sources.parse(readPlainYaml(readDeployFile('grafana/datasources/prometheus.yml')))
  expect(datasources[0].url).toBe('http://prometheus:9090')
  const { grafana } = compose.services
  expect(grafana === undefined ? undefined : reached(grafana, 'prometheus')).toBe('prometheus')
})

function readDeployFile(path: string): string {
  return readFileSync(join(projectFolder, 'ops/deploy', path), 'utf8')
}
