; c
a: R1 = 010 + 5; w1 s >>= 0b1 # c
1: if r1 s> -5 goto 1f; goto 1b <x+1>
1: call f#5; call kernel-function#-7; call a; r1 = a ll
r0 = *(u8 *)skb[r1 - 4]; call pc-2; goto pc+3 // c
