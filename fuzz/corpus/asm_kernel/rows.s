w3 += 9
w3 += w3
w3 -= 9
w3 -= w3
w3 *= 9
w3 *= w3
w3 /= 9
w3 s/= 9
w3 /= w3
w3 s/= w3
w3 |= 9
w3 |= w3
w3 &= 9
w3 &= w3
w3 <<= 9
w3 <<= w3
w3 >>= 9
w3 >>= w3
w3 %= 9
w3 s%= 9
w3 %= w3
w3 s%= w3
w3 ^= 9
w3 ^= w3
w3 = 9
w3 = w3
w3 = (s8)w3
w3 = (s16)w3
w3 s>>= 9
w3 s>>= w3
w3 = -w3
r3 += 9
r3 += r3
r3 -= 9
r3 -= r3
r3 *= 9
r3 *= r3
r3 /= 9
r3 s/= 9
r3 /= r3
r3 s/= r3
r3 |= 9
r3 |= r3
r3 &= 9
r3 &= r3
r3 <<= 9
r3 <<= r3
r3 >>= 9
r3 >>= r3
r3 %= 9
r3 s%= 9
r3 %= r3
r3 s%= r3
r3 ^= 9
r3 ^= r3
r3 = 9
r3 = r3
r3 = (s8)r3
r3 = (s16)r3
r3 = (s32)r3
r3 s>>= 9
r3 s>>= r3
r3 = -r3
r3 = le16 r3
r3 = le32 r3
r3 = le64 r3
r3 = be16 r3
r3 = be32 r3
r3 = be64 r3
r3 = bswap16 r3
r3 = bswap32 r3
r3 = bswap64 r3
goto +8
gotol +9
may_goto +8
if r3 == 9 goto -256
if r3 == r3 goto -256
if r3 > 9 goto -256
if r3 > r3 goto -256
if r3 >= 9 goto -256
if r3 >= r3 goto -256
if r3 & 9 goto -256
if r3 & r3 goto -256
if r3 != 9 goto -256
if r3 != r3 goto -256
if r3 s> 9 goto -256
if r3 s> r3 goto -256
if r3 s>= 9 goto -256
if r3 s>= r3 goto -256
if r3 < 9 goto -256
if r3 < r3 goto -256
if r3 <= 9 goto -256
if r3 <= r3 goto -256
if r3 s< 9 goto -256
if r3 s< r3 goto -256
if r3 s<= 9 goto -256
if r3 s<= r3 goto -256
if w3 == 9 goto -256
if w3 == w3 goto -256
if w3 > 9 goto -256
if w3 > w3 goto -256
if w3 >= 9 goto -256
if w3 >= w3 goto -256
if w3 & 9 goto -256
if w3 & w3 goto -256
if w3 != 9 goto -256
if w3 != w3 goto -256
if w3 s> 9 goto -256
if w3 s> w3 goto -256
if w3 s>= 9 goto -256
if w3 s>= w3 goto -256
if w3 < 9 goto -256
if w3 < w3 goto -256
if w3 <= 9 goto -256
if w3 <= w3 goto -256
if w3 s< 9 goto -256
if w3 s< w3 goto -256
if w3 s<= 9 goto -256
if w3 s<= w3 goto -256
call 9
call pc+9
call kfunc 9
callx r3
exit
r3 = 1234605616436508552 ll
ld_pseudo r3, 1, 9
ld_pseudo r3, 2, 9, -256
ld_pseudo r3, 3, 9
ld_pseudo r3, 4, +9
ld_pseudo r3, 5, 9
ld_pseudo r3, 6, 9, -256
r0 = *(u32 *)skb[9]
r0 = *(u16 *)skb[9]
r0 = *(u8 *)skb[9]
r0 = *(u64 *)skb[9]
r0 = *(u32 *)skb[r3 + 9]
r0 = *(u16 *)skb[r3 + 9]
r0 = *(u8 *)skb[r3 + 9]
r0 = *(u64 *)skb[r3 + 9]
r3 = *(u32 *)(r3 - 256)
r3 = *(u16 *)(r3 - 256)
r3 = *(u8 *)(r3 - 256)
r3 = *(u64 *)(r3 - 256)
r3 = *(s32 *)(r3 - 256)
r3 = *(s16 *)(r3 - 256)
r3 = *(s8 *)(r3 - 256)
*(u32 *)(r3 - 256) = 9
*(u16 *)(r3 - 256) = 9
*(u8 *)(r3 - 256) = 9
*(u64 *)(r3 - 256) = 9
*(u32 *)(r3 - 256) = r3
*(u16 *)(r3 - 256) = r3
*(u8 *)(r3 - 256) = r3
*(u64 *)(r3 - 256) = r3
lock *(u32 *)(r3 - 256) += w3
lock *(u32 *)(r3 - 256) |= w3
lock *(u32 *)(r3 - 256) &= w3
lock *(u32 *)(r3 - 256) ^= w3
w3 = atomic_fetch_add((u32 *)(r3 - 256), w3)
w3 = atomic_fetch_or((u32 *)(r3 - 256), w3)
w3 = atomic_fetch_and((u32 *)(r3 - 256), w3)
w3 = atomic_fetch_xor((u32 *)(r3 - 256), w3)
w3 = xchg32_32(r3 - 256, w3)
w0 = cmpxchg32_32(r3 - 256, w0, w3)
w3 = load_acquire((u32 *)(r3 - 256))
store_release((u32 *)(r3 - 256), w3)
lock *(u64 *)(r3 - 256) += r3
lock *(u64 *)(r3 - 256) |= r3
lock *(u64 *)(r3 - 256) &= r3
lock *(u64 *)(r3 - 256) ^= r3
r3 = atomic_fetch_add((u64 *)(r3 - 256), r3)
r3 = atomic_fetch_or((u64 *)(r3 - 256), r3)
r3 = atomic_fetch_and((u64 *)(r3 - 256), r3)
r3 = atomic_fetch_xor((u64 *)(r3 - 256), r3)
r3 = xchg_64(r3 - 256, r3)
r0 = cmpxchg_64(r3 - 256, r0, r3)
r3 = load_acquire((u64 *)(r3 - 256))
store_release((u64 *)(r3 - 256), r3)
w3 = load_acquire((u16 *)(r3 - 256))
store_release((u16 *)(r3 - 256), w3)
w3 = load_acquire((u8 *)(r3 - 256))
store_release((u8 *)(r3 - 256), w3)
