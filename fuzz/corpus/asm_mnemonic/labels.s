a: add %r1, 5 # c
lock fetch add [%r1+4], %r2 ; c
1: jeq r1, 2, a jne32 r1, r2, 1b
call local a call %r2 lddw r3, a /* c */
ja exit exit // c
