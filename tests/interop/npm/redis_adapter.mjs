// Where oidc-provider keeps its things when it is measured: Redis, as its documentation describes an adapter.

import { Redis } from 'ioredis'

let redis
export const connect = (url) => { redis = new Redis(url.replace(/^unix:\/\//, ''), { keyPrefix: 'reference:' }) }
const GRANTED = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest'])
const USED_ONCE = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest'])

export class RedisAdapter {
  constructor(name) { this.name = name }

  key(id) { return `${this.name}:${id}` }

  async upsert(id, payload, expiresIn) {
    const key = this.key(id)
    const work = redis.multi()
    if (USED_ONCE.has(this.name)) work.hset(key, { payload: JSON.stringify(payload) })
    else work.set(key, JSON.stringify(payload))
    if (expiresIn) work.expire(key, expiresIn)
    if (GRANTED.has(this.name) && payload.grantId) {
      work.rpush(`grant:${payload.grantId}`, key)
      if (expiresIn) work.expire(`grant:${payload.grantId}`, expiresIn)
    }
    if (payload.userCode) work.set(`userCode:${payload.userCode}`, id, 'EX', expiresIn)
    if (payload.uid) work.set(`uid:${payload.uid}`, id, 'EX', expiresIn)
    await work.exec()
  }

  async find(id) {
    if (!USED_ONCE.has(this.name)) {
      const kept = await redis.get(this.key(id))
      return kept ? JSON.parse(kept) : undefined
    }
    const { payload, ...rest } = await redis.hgetall(this.key(id))
    return payload ? { ...rest, ...JSON.parse(payload) } : undefined
  }

  async findByUid(uid) { return this.find(await redis.get(`uid:${uid}`)) }

  async findByUserCode(code) { return this.find(await redis.get(`userCode:${code}`)) }

  async consume(id) { await redis.hset(this.key(id), 'consumed', Math.floor(Date.now() / 1000)) }

  async destroy(id) { await redis.del(this.key(id)) }

  async revokeByGrantId(grantId) {
    const keys = await redis.lrange(`grant:${grantId}`, 0, -1)
    await redis.del(...keys, `grant:${grantId}`)
  }
}
