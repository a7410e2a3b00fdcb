/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm/device.c - devices as files of registers.
 *
 * Every register of a device reads as the same value, and swallows writes: a
 * scenario asks who was reached, not what a device can do. Where no device
 * answers, reads return all ones and writes vanish, as on QEMU's empty bus.
 */
#include "vmm/device.h"

#include "trace.h"

#include <string.h>

static const struct vmm_mmio *find(const struct vmm_config *config, gpa_t gpa,
                                   unsigned len)
{
    for (unsigned i = 0; i < config->n_mmio; i++) {
        const struct vmm_mmio *m = &config->mmio[i];

        if (gpa >= m->gpa && gpa - m->gpa < m->size &&
            len <= m->size - (gpa - m->gpa))
            return m;
    }
    return NULL;
}

void device_serve(const struct vmm_config *config, struct kvm_run *run,
                  struct trace *trace)
{
    unsigned len = run->mmio.len;
    const struct vmm_mmio *m = find(config, run->mmio.phys_addr, len);
    uint64_t value = 0;

    BUG_ON(len == 0 || len > sizeof(run->mmio.data));
    if (run->mmio.is_write) {
        memcpy(&value, run->mmio.data, len);
    } else {
        value = bits(8 * len - 1, 0) & (m ? m->reads : ~0ULL);
        memcpy(run->mmio.data, &value, len);
    }
    TRACE(trace, vmm_device, .name = m ? m->name : "nothing",
          .gpa = run->mmio.phys_addr, .len = len, .write = run->mmio.is_write,
          .value = value);
}
