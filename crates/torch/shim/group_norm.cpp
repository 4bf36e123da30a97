// Group normalisation (Wu & He 2018) with a modulation and SiLU in one pass over memory, for tensors in the memory order N, H, W, C on a
// CPU. Statistics and sums are f32 or wider; no result depends on the batch size or the number of threads.

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

#include "guarded.h"
#include "kernels/dispatch.h"

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The sizes and options of a call, and pointers to its f32 vectors.
struct Call {
  int64_t n, channels, places, groups;
  double eps;
  bool silu;
  const float *weight, *bias, *add, *scale, *shift;
  int64_t add_stride, scale_stride;  // 0 if all samples share one row.

  Call(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& add, const Tensor& scale, const Tensor& shift,
       int64_t groups, double eps, bool silu)
      : n(x.size(0)), channels(x.size(1)), places(x.numel() / (x.size(0) * x.size(1))), groups(groups), eps(eps), silu(silu),
        weight(weight.const_data_ptr<float>()), bias(bias.const_data_ptr<float>()), add(pointer(add)), scale(pointer(scale)),
        shift(pointer(shift)), add_stride(stride(add)), scale_stride(stride(scale)) {}

  static const float* pointer(const Tensor& rows) { return rows.defined() ? rows.const_data_ptr<float>() : nullptr; }
  static int64_t stride(const Tensor& rows) { return rows.defined() && rows.size(0) > 1 ? rows.size(1) : 0; }

  int64_t per_group() const { return channels / groups; }
  float added(int64_t i, int64_t c) const { return add ? add[i * add_stride + c] : 0.0f; }
  float scaled(int64_t i, int64_t c) const { return scale ? 1.0f + scale[i * scale_stride + c] : 1.0f; }
  float shifted(int64_t i, int64_t c) const { return shift ? shift[i * scale_stride + c] : 0.0f; }

  // a and b with z = a·x + b for sample i, from the mean and the reciprocal standard deviation of each group.
  void coefficients(int64_t i, const float* mean, const float* rate, float* a, float* b) const {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t g = c / per_group();
      const float slope = rate[g] * weight[c], factor = scaled(i, c);
      a[c] = slope * factor;
      b[c] = (bias[c] - (mean[g] - added(i, c)) * slope) * factor + shifted(i, c);
    }
  }
};

// Adds the moments of `n` further rows to those of `before` rows (Chan et al. 1983).
void combine(int64_t before, float* mean, float* squares, int64_t n, const float* other_mean, const float* other_squares,
             int64_t channels) {
  const double share = static_cast<double>(n) / static_cast<double>(before + n);
  for (int64_t c = 0; c < channels; ++c) {
    const double step = static_cast<double>(other_mean[c]) - mean[c];
    mean[c] = static_cast<float>(mean[c] + step * share);
    squares[c] = static_cast<float>(squares[c] + (other_squares[c] + step * step * share * static_cast<double>(before)));
  }
}

// The mean and the reciprocal standard deviation of each group of sample i, from the moments of its channels.
void statistics(const Call& call, int64_t i, const float* means, const float* squares, float* mean, float* rate) {
  const double places = static_cast<double>(call.places), width = static_cast<double>(call.per_group());
  for (int64_t g = 0; g < call.groups; ++g) {
    const int64_t begin = g * call.per_group(), end = begin + call.per_group();
    const auto mean_of = [&](int64_t c) { return static_cast<double>(means[c]) + call.added(i, c); };
    double centre = 0, sum = 0;
    for (int64_t c = begin; c < end; ++c) centre += mean_of(c) / width;
    for (int64_t c = begin; c < end; ++c) {
      const double distance = mean_of(c) - centre;
      sum += squares[c] + places * distance * distance;
    }
    mean[g] = static_cast<float>(centre);
    rate[g] = static_cast<float>(1.0 / std::sqrt(sum / (places * width) + call.eps));
  }
}

const char* at_place(const Tensor& x, int64_t sample, int64_t place) {
  const int64_t channels = x.size(1), places = x.numel() / (x.size(0) * channels);
  return static_cast<const char*>(x.const_data_ptr()) + (sample * places + place) * channels * x.element_size();
}

char* at_place(Tensor& x, int64_t sample, int64_t place) {
  return const_cast<char*>(at_place(static_cast<const Tensor&>(x), sample, place));
}

// Values of one chunk, which is small enough for the caches of a core. Its size does not depend on the batch or the threads.
constexpr int64_t CHUNK = 32768;

// y, and the statistics (N, groups) of each sample.
Tensor forward(const Tensor& x, const Call& call, Tensor& mean, Tensor& rate) {
  Tensor y = at::empty_like(x, x.options(), at::MemoryFormat::ChannelsLast);
  const bool half = x.scalar_type() == at::kBFloat16;
  const Kernels& run = kernels();
  const int64_t rows = std::max<int64_t>(1, CHUNK / call.channels), chunks = (call.places + rows - 1) / rows;
  std::vector<float> moments(2 * call.n * chunks * call.channels), affine(2 * call.n * call.channels);
  float *means = mean.mutable_data_ptr<float>(), *rates = rate.mutable_data_ptr<float>();
  const auto moments_of = [&](int64_t task) { return moments.data() + 2 * task * call.channels; };
  const auto extent = [&](int64_t chunk) { return std::min(rows, call.places - chunk * rows); };
  const auto measure = [&](int64_t task) {
    const int64_t i = task / chunks, chunk = task % chunks;
    run.moments[half](at_place(x, i, chunk * rows), extent(chunk), call.channels, moments_of(task), moments_of(task) + call.channels);
  };
  const auto finish = [&](int64_t i) {
    float* total = moments_of(i * chunks);
    for (int64_t chunk = 1; chunk < chunks; ++chunk) {
      const float* part = moments_of(i * chunks + chunk);
      combine(chunk * rows, total, total + call.channels, extent(chunk), part, part + call.channels, call.channels);
    }
    float *m = means + i * call.groups, *r = rates + i * call.groups, *a = affine.data() + 2 * i * call.channels;
    statistics(call, i, total, total + call.channels, m, r);
    call.coefficients(i, m, r, a, a + call.channels);
  };
  const auto apply = [&](int64_t task) {
    const int64_t i = task / chunks, chunk = task % chunks;
    const float* a = affine.data() + 2 * i * call.channels;
    run.affine[half][call.silu](at_place(x, i, chunk * rows), at_place(y, i, chunk * rows), extent(chunk), call.channels, a,
                                a + call.channels);
  };
  const auto in_parallel = [](int64_t count, const auto& code) {
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) code(k);
    });
  };
  if (chunks == 1) {
    in_parallel(call.n, [&](int64_t i) {
      measure(i);
      finish(i);
      apply(i);
    });
  } else {
    in_parallel(call.n * chunks, measure);
    in_parallel(call.n, finish);
    in_parallel(call.n * chunks, apply);
  }
  return y;
}

// The gradients with respect to x, and per sample and channel Σ dz, Σ dz·x̂ and the gradient of `add`.
Tensor backward(const Tensor& x, const Tensor& dy, const Call& call, const Tensor& mean, const Tensor& rate, Tensor& sum_dz,
                Tensor& sum_dz_x, Tensor& d_add) {
  Tensor dx = at::empty_like(x, x.options(), at::MemoryFormat::ChannelsLast);
  const bool half = x.scalar_type() == at::kBFloat16;
  const Kernels& run = kernels();
  const int64_t channels = call.channels;
  float *s = sum_dz.mutable_data_ptr<float>(), *sx = sum_dz_x.mutable_data_ptr<float>(), *da = d_add.mutable_data_ptr<float>();
  at::parallel_for(0, call.n, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> dz(call.places * channels), vectors(8 * channels);
    float *a = vectors.data(), *b = a + channels, *r = b + channels, *o = r + channels, *u = o + channels, *v = u + channels,
          *w = v + channels, *sum_x = w + channels;
    for (int64_t i = begin; i < end; ++i) {
      const float *m = mean.const_data_ptr<float>() + i * call.groups, *rates = rate.const_data_ptr<float>() + i * call.groups;
      call.coefficients(i, m, rates, a, b);
      for (int64_t c = 0; c < channels; ++c) {
        r[c] = rates[c / call.per_group()];
        o[c] = (call.added(i, c) - m[c / call.per_group()]) * r[c];
      }
      float *sum = s + i * channels, *sum_dz_normed = sx + i * channels;
      run.slopes[half][call.silu](at_place(x, i, 0), at_place(dy, i, 0), call.places, channels, a, b, r, o, dz.data(), sum, sum_dz_normed,
                                  sum_x);
      for (int64_t g = 0; g < call.groups; ++g) {
        // The means over a group of dx̂ = γ·dz and of dx̂·x̂.
        double along = 0, across = 0;
        const int64_t first = g * call.per_group(), last = first + call.per_group();
        for (int64_t c = first; c < last; ++c) {
          const double gamma = call.weight[c] * call.scaled(i, c);
          along += gamma * sum[c];
          across += gamma * sum_dz_normed[c];
        }
        along /= call.places * call.per_group();
        across /= call.places * call.per_group();
        for (int64_t c = first; c < last; ++c) {
          // dx = r·(γ·dz − mean(dx̂) − x̂·mean(dx̂·x̂)).
          u[c] = a[c];
          v[c] = static_cast<float>(-r[c] * (along + o[c] * across));
          w[c] = static_cast<float>(-r[c] * r[c] * across);
          da[i * channels + c] =
              static_cast<float>(a[c] * static_cast<double>(sum[c]) - r[c] * (call.places * along + across * sum_x[c]));
        }
      }
      run.combined[half](dz.data(), at_place(x, i, 0), at_place(dx, i, 0), call.places, channels, u, v, w);
    }
  });
  return dx;
}

// The gradient of rows (N, channels) or, if all samples share one, (1, channels).
Tensor like(const Tensor& rows, const Tensor& gradient) {
  if (!rows.defined()) return {};
  return rows.size(0) == gradient.size(0) ? gradient : gradient.sum(0, true);
}

struct GroupNorm : torch::autograd::Function<GroupNorm> {
  using Rows = std::optional<Tensor>;

  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias, const Rows& added,
                        const Rows& scales, const Rows& shifts, int64_t groups, double eps, bool silu) {
    const Tensor add = added.value_or(Tensor()), scale = scales.value_or(Tensor()), shift = shifts.value_or(Tensor());
    const Call call(x, weight, bias, add, scale, shift, groups, eps, silu);
    Tensor mean = at::empty({call.n, groups}, weight.options()), rate = at::empty_like(mean);
    Tensor y = ::forward(x, call, mean, rate);
    context->save_for_backward({x, weight, bias, add, scale, shift, mean, rate});
    context->saved_data["groups"] = groups;
    context->saved_data["eps"] = eps;
    context->saved_data["silu"] = silu;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    // The sums of this pass have no derivative of their own.
    TORCH_CHECK(!at::GradMode::is_enabled(), "the fused group normalisation has no second derivative");
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &add = saved[3], &scale = saved[4], &shift = saved[5];
    const int64_t groups = context->saved_data["groups"].toInt();
    const Call call(x, weight, bias, add, scale, shift, groups, context->saved_data["eps"].toDouble(),
                    context->saved_data["silu"].toBool());
    const Tensor dy = gradients[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    Tensor sum_dz = at::empty({call.n, call.channels}, weight.options()), sum_dz_x = at::empty_like(sum_dz), d_add = at::empty_like(sum_dz);
    const Tensor dx = ::backward(x, dy, call, saved[6], saved[7], sum_dz, sum_dz_x, d_add);
    const bool modulated = scale.defined();
    const Tensor factor = modulated ? scale + 1.0 : Tensor();
    const Tensor d_weight = (modulated ? sum_dz_x * factor : sum_dz_x).sum(0), d_bias = (modulated ? sum_dz * factor : sum_dz).sum(0);
    const Tensor d_scale = modulated ? like(scale, sum_dz_x * weight + sum_dz * bias) : Tensor();
    return {dx, d_weight, d_bias, like(add, d_add), d_scale, like(shift, sum_dz), {}, {}, {}};
  }
};

// Rows of a modulation as contiguous f32.
GroupNorm::Rows rows_of(const Tensor* rows, const Tensor& x, const char* name) {
  if (rows == nullptr) return std::nullopt;
  TORCH_CHECK(rows->dim() == 2 && rows->size(1) == x.size(1) && (rows->size(0) == 1 || rows->size(0) == x.size(0)), name,
              " has shape ", rows->sizes(), ", which does not fit x of shape ", x.sizes());
  return rows->to(at::kFloat).contiguous();
}

}  // namespace

extern "C" {

// act(norm(x + add)·(1 + scale) + shift) for x (N, C, H, W) of f32 or bf16; add, scale and shift are null or (N, C) or (1, C).
char* tweedie_group_norm(const Tensor* x, const Tensor* weight, const Tensor* bias, const Tensor* add, const Tensor* scale,
                         const Tensor* shift, int64_t groups, double eps, bool silu, Tensor** made) {
  return guarded([&] {
    TORCH_CHECK(x->dim() == 4 && x->numel() > 0 && x->device().is_cpu(), "x must be four-dimensional, not empty and on the CPU");
    TORCH_CHECK(x->scalar_type() == at::kFloat || x->scalar_type() == at::kBFloat16, "x must be f32 or bf16");
    TORCH_CHECK(groups > 0 && x->size(1) % groups == 0, groups, " groups do not divide ", x->size(1), " channels");
    for (const Tensor* vector : {weight, bias}) {
      TORCH_CHECK(vector->scalar_type() == at::kFloat && vector->sizes() == at::IntArrayRef({x->size(1)}) && vector->is_contiguous(),
                  "weight and bias must be contiguous f32 vectors with an element per channel");
    }
    TORCH_CHECK((scale == nullptr) == (shift == nullptr), "scale and shift are given together");
    const auto scales = rows_of(scale, *x, "scale"), shifts = rows_of(shift, *x, "shift");
    TORCH_CHECK(scale == nullptr || scale->size(0) == shift->size(0), "scale and shift have the same number of rows");
    const Tensor dense = x->contiguous(at::MemoryFormat::ChannelsLast);
    *made = new Tensor(GroupNorm::apply(dense, *weight, *bias, rows_of(add, *x, "add"), scales, shifts, groups, eps, silu));
  });
}

}  // extern "C"
