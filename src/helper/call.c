/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Helpers that call back into the program. */
#include "helper/kernel.h"

#define MAX_LOOPS 8388608u /* BPF_MAX_LOOPS */

SK_BPF(loop)
{
    const uint32_t count = (uint32_t)r1;
    if (r4)
        return sk_int(-SKEP_EINVAL);
    if (count > MAX_LOOPS)
        return sk_int(-SKEP_E2BIG);
    uint32_t i = 0;
    while (i < count) {
        uint64_t enough;
        if (!skep_run_call(run, r2, (const uint64_t[5]){i, r3}, &enough))
            return 0;
        i++;
        if (enough)
            break;
    }
    return i;
}
