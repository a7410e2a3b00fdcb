/* SPDX-License-Identifier: GPL-2.0-only */
/* render/prove.h - what the renderers of a proof share. */
#ifndef NPTSIM_RENDER_PROVE_H
#define NPTSIM_RENDER_PROVE_H

#include "render.h"

/* What became of an invariant. */
enum finding_end {
    END_NOT_TOLD,
    END_UNTESTED,
    END_HOLDS,
    END_SO_FAR, /* it holds in what was asked before an interrupt */
    END_ADVICE,
    END_BAD
};
enum finding_end finding_end(const struct report_proof *r,
                             const struct report_finding *f);

/* One finding, with its places and its example. */
void put_finding(struct buf *b, const struct report_proof *r,
                 const struct report_finding *f, bool colour);

#endif
