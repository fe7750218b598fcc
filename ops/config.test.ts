import { expect, test } from 'vitest'
import { ConfigFault, isLoopback, loadConfig } from './config.ts'
import { flagOf, listSettings, variableOf } from './settings.ts'

function problemsOf(flags: Record<string, string>, environment: Record<string, string> = {}): readonly string[] {
  try {
    loadConfig(flags, environment, '/srv')
    return []
  } catch (error) {
    if (error instanceof ConfigFault) return error.problems
    throw error
  }
}

test('CFG-1 flags win over the environment, the environment over defaults', () => {
  const { config } = loadConfig({ webPort: '1' }, { SLUICE_WEB_PORT: '2', SLUICE_OPS_PORT: '3' }, '/srv')
  expect([config.webPort, config.opsPort, config.rpcPort]).toEqual([1, 3, 7082])
})

test('CFG-1 an empty variable counts as not set', () => {
  expect(loadConfig({}, { SLUICE_WEB_PORT: '' }, '/srv').config.webPort).toBe(7080)
})

test('CFG-1 the data folder is taken from the working folder', () => {
  expect(loadConfig({}, {}, '/srv').config.dataFolder).toBe('/srv/sluice-data')
  expect(loadConfig({ dataFolder: '/data' }, {}, '/srv').config.dataFolder).toBe('/data')
})

test('CFG-2 a bad value is told in one line: the setting, its source, the value, what is allowed', () => {
  expect(problemsOf({ webPort: '70800' })).toEqual([
    'webPort: "70800" from --web-port is not allowed; it must be a whole number from 0 to 65535',
  ])
  expect(problemsOf({}, { SLUICE_DURABILITY: 'none' })).toEqual([
    'durability: "none" from SLUICE_DURABILITY is not allowed; it must be fsync, everysec or replicas=n with n from 1 to 5',
  ])
})

test.each([
  ['webPort', '80.5'],
  ['webPort', '0x50'],
  ['webPort', ' 80'],
  ['webPort', ''],
  ['tickMs', '1e3'],
  ['tickMs', '-100'],
  ['simulatedDeclineShare', '1.01'],
  ['simulatedDeclineShare', 'NaN'],
  ['host', 'shop.example'],
  ['dataFolder', ''],
  ['trustUserHeader', 'x user'],
  ['trustedProxies', '10.0.0.0/33'],
  ['trustedProxies', '10.0.0.1,'],
  ['trustedProxies', 'proxy'],
  ['logLevel', 'INFO'],
  ['assetOrigin', 'assets.shop.example'],
  ['assetOrigin', 'https://assets.shop.example/'],
  ['assetOrigin', 'https://assets.shop.example/shop'],
  ['assetOrigin', 'https://ASSETS.shop.example'],
  ['assetOrigin', 'https://user@assets.shop.example'],
  ['assetOrigin', "https://assets.shop.example; script-src 'unsafe-inline'"],
  ['assetOrigin', 'https://*'],
  ['assetOrigin', 'javascript:alert(1)'],
  ['assetOrigin', 'https://assets.shop.example:99999'],
])('CFG-2 %s does not take %j', (name, text) => {
  expect(problemsOf({ [name]: text })).toHaveLength(1)
})

test.each(['https://assets.shop.example', 'http://127.0.0.1:8090', 'https://[2001:db8::1]:444', ''])(
  'CFG-2 assetOrigin takes %j',
  (text) => {
    expect(problemsOf({ assetOrigin: text })).toEqual([])
  },
)

test('CFG-2 all problems are told at once', () => {
  expect(problemsOf({ webPort: 'a', tickMs: 'b' }, { SLUICE_SHARDS: '0' })).toHaveLength(3)
})

test('CFG-3 the value of a secret is in no error line, and a secret has no flag', () => {
  const problems = problemsOf({}, { SLUICE_OPERATOR_KEY: 'hush' })
  expect(problems).toEqual([
    'operatorKey: the value from SLUICE_OPERATOR_KEY is not allowed; it must be 16 to 200 visible ASCII characters',
  ])
})

test('CFG-4 RPC is open without a key on loopback only', () => {
  expect(loadConfig({}, {}, '/srv').config.rpcOpen).toBe(true)
  expect(loadConfig({ host: '0.0.0.0' }, {}, '/srv').config.rpcOpen).toBe(true)
  expect(loadConfig({ rpcHost: '0.0.0.0' }, {}, '/srv').config.rpcOpen).toBe(false)
  expect(['127.0.0.2', '::1', 'localhost', '::ffff:127.0.0.1', '::', '0.0.0.0', '10.0.0.1'].map(isLoopback)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ])
})

test('CFG-5 settings that contradict each other are refused', () => {
  expect(problemsOf({ webPort: '7081' })).toHaveLength(1)
  expect(problemsOf({ webPort: '0', opsPort: '0' })).toEqual([])
  expect(problemsOf({ host: '0.0.0.0', trustUserHeader: 'X-User' })).toHaveLength(1)
  expect(problemsOf({ host: '0.0.0.0', trustUserHeader: 'X-User', trustedProxies: '10.0.0.0/8, ::1' })).toEqual([])
})

test.each([
  [{ SLUICE_NATS_URL: 'nats://a' }, ['redisUrl: missing; a cluster needs SLUICE_NATS_URL and SLUICE_REDIS_URL']],
  [{ SLUICE_REDIS_URL: 'redis://a' }, ['natsUrl: missing; a cluster needs SLUICE_NATS_URL and SLUICE_REDIS_URL']],
  [{ SLUICE_ROLE: 'actors' }, ['role: actors is a part of a cluster; a cluster needs SLUICE_NATS_URL and SLUICE_REDIS_URL']],
  [
    { SLUICE_DURABILITY: 'replicas=1' },
    ["durability: replicas are those of a cluster's Redis; a cluster needs SLUICE_NATS_URL and SLUICE_REDIS_URL"],
  ],
  [{ SLUICE_TLS_KEY_FILE: 'k' }, ['tlsCertFile: missing, and tlsKeyFile is of no use without it']],
  [{ SLUICE_NATS_CERT_FILE: 'c' }, ['natsKeyFile: missing, and natsCertFile is of no use without it']],
])('CFG-10 settings of a cluster come together: %j', (environment, problems) => {
  expect(problemsOf({}, environment)).toEqual(problems)
})

test('CFG-10 both URLs make a process one of a cluster', () => {
  const urls = { SLUICE_NATS_URL: 'nats://a:4222,tls://b', SLUICE_REDIS_URL: 'redis+sentinel://:p@a,b/name' }
  const { config } = loadConfig({ role: 'orders', durability: 'replicas=2' }, urls, '/srv')
  expect(config.cluster).toEqual({ natsUrl: 'nats://a:4222,tls://b', redisUrl: 'redis+sentinel://:p@a,b/name' })
  expect([config.role, config.durability]).toEqual(['orders', { replicas: 2 }])
  expect(loadConfig({}, {}, '/srv').config.cluster).toBeUndefined()
})

test.each([
  ['SLUICE_NATS_URL', 'http://hush'],
  ['SLUICE_NATS_URL', 'nats://hush,'],
  ['SLUICE_REDIS_URL', 'hush:6379'],
  ['SLUICE_DURABILITY', 'replicas=0'],
  ['SLUICE_DURABILITY', 'replicas=9'],
])('CFG-10 %s does not take %j, and says no secret', (variable, text) => {
  const problems = problemsOf({}, { [variable]: text }).join()
  expect(problems).toContain(`from ${variable} is not allowed`)
  expect(problems).not.toContain('hush')
})

test('CFG-5 the provider http needs to know where it is and how to sign, where payments are taken', () => {
  expect(problemsOf({ paymentProvider: 'http' })).toEqual([
    'paymentUrl: missing; the provider http needs SLUICE_PAYMENT_URL and SLUICE_PAYMENT_SECRET',
    'paymentSecret: missing; the provider http needs SLUICE_PAYMENT_URL and SLUICE_PAYMENT_SECRET',
  ])
  const secret = { SLUICE_PAYMENT_SECRET: 's'.repeat(32) }
  expect(problemsOf({ paymentProvider: 'http' }, { ...secret, SLUICE_PAYMENT_URL: 'https://pay.example/sluice' })).toEqual([])
  expect(problemsOf({ paymentProvider: 'http' }, { ...secret, SLUICE_PAYMENT_URL: 'http://pay:99999' })).toEqual([
    'paymentUrl: this is no URL',
  ])
  expect(problemsOf({ paymentProvider: 'http' }, { ...secret, SLUICE_PAYMENT_URL: 'ftp://pay' })).toHaveLength(1)
})

test('CFG-6 a misspelt variable is reported', () => {
  const environment = { SLUICE_WEBPORT: '1', SLUICE_KEY: 'k', SLUICE_WEB_PORT: '1', PATH: '/bin' }
  expect(loadConfig({}, environment, '/srv').unknownVariables).toEqual(['SLUICE_WEBPORT'])
})

test('CFG-7 every default is a value that the setting allows', () => {
  const fallbacks = listSettings().filter(({ secret, fallback }) => !secret && fallback !== '')
  const flags = Object.fromEntries(fallbacks.map(({ name, fallback }) => [name, fallback]))
  expect(loadConfig(flags, {}, '/srv').config).toEqual(loadConfig({}, {}, '/srv').config)
  expect([flagOf('callDeadlineMs'), variableOf('callDeadlineMs')]).toEqual(['--call-deadline-ms', 'SLUICE_CALL_DEADLINE_MS'])
})

test.each([
  [{ SLUICE_OFFICE_URL: 'https://office.example' }, ['officeSecret: missing; a back office needs SLUICE_OFFICE_SECRET']],
  [
    { SLUICE_OFFICE_URL: 'office.example' },
    ['officeUrl: the value from SLUICE_OFFICE_URL is not allowed; it must be like https://office.shop.example/sluice/orders'],
  ],
  [{ SLUICE_OFFICE_STREAM: 'yes' }, ['officeStream: one process has no JetStream; name the back office in SLUICE_OFFICE_URL']],
  [{ SLUICE_OFFICE_STREAM: 'yes', SLUICE_OFFICE_URL: 'https://office.example' }, ['officeUrl and officeStream: choose one of them']],
])('CFG-11 a back office is one place, and has what it needs: %j', (environment, problems) => {
  expect(problemsOf({}, environment)).toEqual(problems)
})

test('CFG-11 a process that only keeps what is owed to a back office needs no secret', () => {
  const environment = { SLUICE_NATS_URL: 'nats://a', SLUICE_REDIS_URL: 'redis://a', SLUICE_OFFICE_URL: 'https://office.example' }
  expect(loadConfig({ role: 'actors' }, environment, '/srv').config.hasOffice).toBe(true)
  expect(loadConfig({}, {}, '/srv').config.hasOffice).toBe(false)
})
