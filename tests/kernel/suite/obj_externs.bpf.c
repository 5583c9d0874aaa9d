/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What an object may want from outside and do without: weak configuration and kernel symbols that nobody has. */
#include "suite.h"

extern int CONFIG_NO_SUCH_THING __kconfig __weak;
extern u32 LINUX_KERNEL_VERSION __kconfig;
extern const void no_such_symbol __ksym __weak;

SEC("raw_tp") int a_weak(void *ctx)
{
    SAVE(CONFIG_NO_SUCH_THING);
    SAVE(LINUX_KERNEL_VERSION >= 0x50000);
    SAVE(&no_such_symbol != 0);
    return 0;
}
