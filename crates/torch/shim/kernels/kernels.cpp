// The kernels for one instruction set. The build compiles this file once for each, with TWEEDIE_KERNELS as the name of the table.

#include "kernels.h"

#include "adamw.h"
#include "attention.h"
#include "group_norm.h"
#include "row_map.h"

extern "C" const Kernels TWEEDIE_KERNELS = {
    {moments<float>, moments<Bf16>},
    {{affine<float, false>, affine<float, true>}, {affine<Bf16, false>, affine<Bf16, true>}},
    {{slopes<float, false>, slopes<float, true>}, {slopes<Bf16, false>, slopes<Bf16, true>}},
    {combined<float>, combined<Bf16>},
    {attention<float>, attention<Bf16>},
    {attention_backward<float>, attention_backward<Bf16>},
    row_map,
    adamw,
};
