import { expect, test } from 'vitest'
import { describeAddress, parseRedisUrl, type RedisAddress } from './redis-url.ts'

const plain: RedisAddress = {
  endpoints: [{ host: 'localhost', port: 6379 }],
  primaryName: undefined,
  tls: false,
  user: undefined,
  password: undefined,
  sentinelUser: undefined,
  sentinelPassword: undefined,
  database: 0,
}

const forms: readonly (readonly [string, Partial<RedisAddress>, string])[] = [
  ['redis://localhost', {}, 'localhost:6379'],
  ['redis://localhost/', {}, 'localhost:6379'],
  ['redis://localhost:7000/3', { endpoints: [{ host: 'localhost', port: 7000 }], database: 3 }, 'localhost:7000'],
  ['rediss://[::1]:7000', { endpoints: [{ host: '::1', port: 7000 }], tls: true }, '[::1]:7000'],
  ['redis://:s%40cret@localhost', { password: 's@cret' }, 'localhost:6379'],
  ['redis://shop:a:b@localhost', { user: 'shop', password: 'a:b' }, 'localhost:6379'],
  ['redis://shop:a@b@localhost', { user: 'shop', password: 'a@b' }, 'localhost:6379'],
  [
    'redis+sentinel://one:26000,two/main',
    {
      endpoints: [
        { host: 'one', port: 26_000 },
        { host: 'two', port: 26_379 },
      ],
      primaryName: 'main',
    },
    'main by Sentinel at one:26000, two:26379',
  ],
  [
    'rediss+sentinel://u:p@one/main/2?sentinelUser=s&sentinelPassword=x%26y',
    {
      endpoints: [{ host: 'one', port: 26_379 }],
      primaryName: 'main',
      tls: true,
      user: 'u',
      password: 'p',
      database: 2,
      sentinelUser: 's',
      sentinelPassword: 'x&y',
    },
    'main by Sentinel at one:26379',
  ],
]

test.each(forms)('RED-1 a connection string names a server or its Sentinels: %s', (url, expected, described) => {
  const address = parseRedisUrl(url)
  expect(address).toEqual({ ...plain, ...expected })
  expect(describeAddress(address)).toBe(described)
})

test.each([
  'http://localhost',
  'redis://',
  'redis://:secret@',
  'redis://a:1,b:2',
  'redis://localhost:0',
  'redis://localhost:secret',
  'redis://secret@localhost',
  'redis://localhost/secret',
  'redis://localhost/1/2',
  'redis://:%zzsecret@localhost',
  'redis+sentinel://localhost',
  'redis+sentinel://localhost/main/secret',
  'redis://localhost?pool=secret',
])('RED-1 a connection string that is malformed is refused in one line that tells no secret: %s', (url) => {
  expect(() => parseRedisUrl(url)).toThrow(/^the URL of Redis is malformed: (?!.*secret).+$/)
})
